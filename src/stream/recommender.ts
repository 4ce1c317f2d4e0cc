/**
 * Ranks for the users whose recommendations are due, a tenth of the time at the most, and only while a partition has time
 * to spare: ratings come first. One for all tasks of a worker, for they share the thread.
 */
import type { Clock } from '../ports/clock.ts';
import type { Codec } from '../ports/codec.ts';
import type { OutputRecord } from '../ports/transport.ts';
import type { Due } from './pending-recommendations.ts';
import { rankFor } from './rank.ts';
import type { Task, Tasks } from './task.ts';

const shareOfTime = 0.1;
/** What is saved up at the most, so that a pause is not followed by a burst. */
const maxSavedMs = 20;
/** A step takes some 0.1 ms; looked at the clock after each. */
const sliceMs = 0.5;

export interface RecommenderOptions {
  readonly tasks: Tasks;
  readonly clock: Clock;
  readonly codec: Codec;
  /** Items for each user; 0 ranks for nobody. */
  readonly count: number;
  /** Does something in a partition's turn. */
  readonly inTurn: (partition: number, work: () => Promise<void>) => Promise<void>;
}

interface Ranked {
  readonly task: Task;
  readonly due: Due;
  readonly record: OutputRecord;
}

export class Recommender {
  readonly #options: RecommenderOptions;
  #savedMs = 0;
  #lastMs: number;
  /** When the last round ended, since when `busyMs` of the tasks counts. */
  #lastRoundMs: number;

  constructor(options: RecommenderOptions) {
    this.#options = options;
    this.#lastMs = this.#lastRoundMs = options.clock.monotonicMs();
  }

  /** Ranks beside the stream, and hands over in the task's turn what the next checkpoint publishes. */
  async round(): Promise<void> {
    const { tasks, clock, inTurn } = this.#options;
    for (const { task, due, record } of await this.#rank()) {
      // A checkpoint under way must not lose what comes meanwhile.
      if (tasks.get(task.partition) !== task) continue;
      await inTurn(task.partition, () => {
        task.recommendations.publish(due, record);
        return Promise.resolve();
      });
    }
    for (const task of tasks.values()) task.busyMs = 0;
    this.#lastRoundMs = clock.monotonicMs();
  }

  /** What fits into the time that is left. */
  async #rank(): Promise<readonly Ranked[]> {
    const { tasks, clock, count } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#savedMs = Math.min(maxSavedMs, this.#savedMs + (nowMs - this.#lastMs) * shareOfTime);
    this.#lastMs = nowMs;
    const ranked: Ranked[] = [];
    if (count === 0) return ranked;
    for (const task of [...tasks.values()]) {
      if (!this.#hasTime(task)) continue;
      // A task may be given up while another's users are ranked: nothing of it may be read any more.
      while (this.#savedMs >= 0 && tasks.get(task.partition) === task) {
        const due = task.recommendations.next(clock.monotonicMs());
        if (due === null) break;
        const record = await this.#rankOne(task, due);
        if (record === null) break;
        ranked.push({ task, due, record });
      }
    }
    return ranked;
  }

  /** A task that works on ratings half of the time has fallen behind, or soon will. */
  #hasTime(task: Task): boolean {
    return task.busyMs <= (this.#options.clock.monotonicMs() - this.#lastRoundMs) / 2;
  }

  /** Null when the task was given up meanwhile. */
  async #rankOne(task: Task, { userId }: Due): Promise<OutputRecord | null> {
    const { tasks, clock, codec, count } = this.#options;
    const { nextOffset } = task;
    const recommendedAtMs = clock.nowMs();
    const ranking = rankFor(task, userId, count, Math.floor(recommendedAtMs / 1000));
    let startMs = clock.monotonicMs();
    while (ranking.step()) {
      const spentMs = clock.monotonicMs() - startMs;
      if (spentMs < sliceMs) continue;
      this.#savedMs -= spentMs;
      await clock.breathe();
      if (tasks.get(task.partition) !== task) return null;
      startMs = clock.monotonicMs();
    }
    const items = ranking.best().map(({ itemId, prediction }) => ({ itemId, prediction }));
    const value = codec.encodeRecommendations({
      userId,
      items,
      recommendedAtMs,
      sourcePartition: task.partition,
      nextOffset,
    });
    this.#savedMs -= clock.monotonicMs() - startMs;
    return { key: codec.encodeUserKey(userId), value };
  }
}
