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
  /** True when the task keeps up with its ratings. */
  readonly hasTime: (task: Task) => boolean;
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

  constructor(options: RecommenderOptions) {
    this.#options = options;
    this.#lastMs = options.clock.monotonicMs();
  }

  /** What fits into the time that is left; the caller publishes it in the task's turn. */
  async rank(): Promise<readonly Ranked[]> {
    const { tasks, clock, count, hasTime } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#savedMs = Math.min(maxSavedMs, this.#savedMs + (nowMs - this.#lastMs) * shareOfTime);
    this.#lastMs = nowMs;
    const ranked: Ranked[] = [];
    if (count === 0) return ranked;
    for (const task of [...tasks.values()]) {
      if (!hasTime(task)) continue;
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
