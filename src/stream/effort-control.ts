/**
 * The effort that the load leaves time for. Looked at with every checkpoint, and every period in which nothing came; what is
 * decided holds from that checkpoint on and is stored with it.
 *
 * Down, a step a second at most: the worker spent more than `tooBusy` of the last second on ratings, or more wait than it learned in
 * that second, whatever else has its thread. Up: for five seconds in a row nothing of the kind, and it would have spent less than
 * `calm` with the next effort. What a rating costs more at the next effort is a constant on the safe side, so that a step up is never
 * the reason for the next step down.
 */
import { efforts, type Effort } from '../model/settings.ts';

const windowMs = 1000;
const tooBusy = 0.5;
const calm = 0.3;
const calmWindows = 5;
/** Fewer are no queue: a few ratings wait for their checkpoint at any time. */
const leastWaiting = 1000;
/** Microseconds for learning one rating, by effort. */
const costs: Readonly<Record<Effort, number>> = { fast: 4, balanced: 10, full: 80 };

export interface EffortSource {
  /** Monotonic time; milliseconds spent on ratings, and ratings, since the worker began; ratings that wait for it. */
  at(nowMs: number, busyMs: number, events: number, waiting: number): Effort;
}

export class EffortControl implements EffortSource {
  #index: number;
  #startMs = Number.NaN;
  #busyMs = 0;
  #events = 0;
  #calmWindows = 0;

  constructor(effort: Effort) {
    this.#index = efforts.indexOf(effort);
  }

  at(nowMs: number, busyMs: number, events: number, waiting: number): Effort {
    if (Number.isNaN(this.#startMs)) this.#begin(nowMs, busyMs, events);
    const elapsedMs = nowMs - this.#startMs;
    if (elapsedMs >= windowMs) {
      const isBehind = waiting > Math.max(leastWaiting, ((events - this.#events) * windowMs) / elapsedMs);
      this.#judge((busyMs - this.#busyMs) / elapsedMs, (events - this.#events) / elapsedMs, isBehind);
      this.#begin(nowMs, busyMs, events);
    }
    return efforts[this.#index] ?? 'full';
  }

  #begin(nowMs: number, busyMs: number, events: number): void {
    this.#startMs = nowMs;
    this.#busyMs = busyMs;
    this.#events = events;
  }

  #judge(share: number, eventsPerMs: number, isBehind: boolean): void {
    const next = efforts[this.#index + 1];
    const more = next === undefined ? Infinity : costs[next] - costs[efforts[this.#index] ?? 'full'];
    const isCalm = !isBehind && share + (eventsPerMs * more) / 1000 < calm;
    this.#calmWindows = isCalm ? this.#calmWindows + 1 : 0;
    if (share > tooBusy || isBehind) this.#index = Math.max(0, this.#index - 1);
    else if (this.#calmWindows >= calmWindows) {
      this.#index++;
      this.#calmWindows = 0;
    }
  }
}
