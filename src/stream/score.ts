/**
 * The prequential score: every event is a test event once, predicted before it is learned. Errors are in the user's
 * scale, for each expert and the blend; in total and over the last 10,000 events.
 */
import type { ExpertError } from '../ports/telemetry.ts';

const windowEvents = 10_000;

/** Length of `totals` for a number of experts. */
export const scoreCells = (experts: number): number => 2 * experts + 1;

export class Score {
  readonly #experts: readonly string[];
  /** Per expert: squared, then absolute errors; last: events. */
  readonly #totals: Float64Array;
  readonly #settledTotals: Float64Array;
  /** Errors of the last events, row-major [windowEvents, experts]; then 1 for a rating inside its interval. */
  readonly #ring: Float32Array;
  #ringCount = 0;
  #settledRingCount = 0;
  /** Ring rows overwritten in this batch, oldest first. */
  readonly #overwritten: number[] = [];
  readonly #width: number;

  constructor(experts: readonly string[]) {
    this.#experts = experts;
    this.#width = experts.length + 1;
    this.#totals = new Float64Array(scoreCells(experts.length));
    this.#settledTotals = new Float64Array(this.#totals.length);
    this.#ring = new Float32Array(windowEvents * this.#width);
  }

  /** `answers`: one for each expert, in the user's scale, as is `rating`. */
  add(answers: ArrayLike<number>, rating: number, insideInterval: boolean): void {
    const n = this.#experts.length;
    const at = (this.#ringCount % windowEvents) * this.#width;
    for (let i = 0; i < this.#width; i++) this.#overwritten.push(this.#ring[at + i]!);
    for (let i = 0; i < n; i++) {
      const error = answers[i]! - rating;
      this.#totals[i] = this.#totals[i]! + error * error;
      this.#totals[n + i] = this.#totals[n + i]! + Math.abs(error);
      this.#ring[at + i] = error;
    }
    this.#ring[at + n] = insideInterval ? 1 : 0;
    this.#totals[2 * n] = this.#totals[2 * n]! + 1;
    this.#ringCount++;
  }

  get events(): number {
    return this.#totals[2 * this.#experts.length]!;
  }

  /** As stored with the task: squared errors, absolute errors, events. */
  get totals(): Float64Array {
    return this.#totals;
  }

  restore(totals: Float64Array): void {
    this.#totals.set(totals);
    this.settle();
  }

  settle(): void {
    this.#settledTotals.set(this.#totals);
    this.#settledRingCount = this.#ringCount;
    this.#overwritten.length = 0;
  }

  rollBack(): void {
    this.#totals.set(this.#settledTotals);
    const events = this.#overwritten.length / this.#width;
    for (let e = events - 1; e >= 0; e--) {
      const at = ((this.#settledRingCount + e) % windowEvents) * this.#width;
      for (let i = 0; i < this.#width; i++) this.#ring[at + i] = this.#overwritten[e * this.#width + i]!;
    }
    this.#ringCount = this.#settledRingCount;
    this.#overwritten.length = 0;
  }

  /** Sums over the window of one expert: squared and absolute errors, events. */
  windowOf(expert: number): { squared: number; absolute: number; events: number } {
    const events = Math.min(this.#ringCount, windowEvents);
    let squared = 0;
    let absolute = 0;
    for (let e = 0; e < events; e++) {
      const error = this.#ring[e * this.#width + expert]!;
      squared += error * error;
      absolute += Math.abs(error);
    }
    return { squared, absolute, events };
  }

  /** Ratings of the window inside their interval. */
  windowInside(): number {
    const events = Math.min(this.#ringCount, windowEvents);
    let inside = 0;
    for (let e = 0; e < events; e++) inside += this.#ring[e * this.#width + this.#experts.length]!;
    return inside;
  }
}

/** One table of errors for several scores (tasks) together; NaN where nothing was scored. */
export function combinedErrors(experts: readonly string[], scores: readonly Score[]): ExpertError[] {
  return experts.map((expert, i) => {
    const n = experts.length;
    let squared = 0;
    let absolute = 0;
    let events = 0;
    const window = { squared: 0, absolute: 0, events: 0 };
    for (const score of scores) {
      squared += score.totals[i]!;
      absolute += score.totals[n + i]!;
      events += score.events;
      const part = score.windowOf(i);
      window.squared += part.squared;
      window.absolute += part.absolute;
      window.events += part.events;
    }
    return {
      expert,
      rmseTotal: Math.sqrt(squared / events),
      maeTotal: absolute / events,
      rmseWindow: Math.sqrt(window.squared / window.events),
      maeWindow: window.absolute / window.events,
    };
  });
}

/** Share of the windows' ratings inside their interval; NaN where nothing was scored. */
export function combinedCoverage(scores: readonly Score[]): number {
  let inside = 0;
  let events = 0;
  for (const score of scores) {
    inside += score.windowInside();
    events += Math.min(score.windowOf(0).events, windowEvents);
  }
  return inside / events;
}
