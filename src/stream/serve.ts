/** Answers from a running worker's memory, for adapters/http and prediction requests. Changes nothing. */
import type { Kernel } from '../kernel/kernel.ts';
import { NotOwnedError } from '../errors.ts';
import { fromInner } from '../model/scale.ts';
import type { Prediction } from '../ports/events.ts';
import type { Readiness, Recommendation, Serving } from '../ports/serving.ts';
import type { Offset } from '../ports/transport.ts';
import { partitionOf } from './partition-of.ts';
import { ensureItem, ensureUser } from './restore.ts';
import type { Task } from './task.ts';
import type { Worker } from './worker.ts';

/** Candidates that the whole blend ranks, for each recommendation asked for; the rest is ranked by bias and factors. */
const candidatesEach = 4;

export class ServingWorker implements Serving {
  readonly #worker: Worker;
  readonly #kernel: Kernel;
  readonly #partitionCount: number;
  readonly #nowMs: () => number;
  readonly #scratch: Float32Array;
  readonly #ours: () => readonly number[] | null;

  /** `ours`: the partitions that this worker is to hold; null while that is not known. */
  constructor(
    worker: Worker,
    kernel: Kernel,
    partitionCount: number,
    nowMs: () => number,
    ours: () => readonly number[] | null,
  ) {
    this.#ours = ours;
    this.#worker = worker;
    this.#kernel = kernel;
    this.#partitionCount = partitionCount;
    this.#nowMs = nowMs;
    this.#scratch = new Float32Array(worker.items.cells);
  }

  predict(userId: string, itemId: string): Prediction {
    const task = this.#taskOf(userId);
    const answer = task.learner.predictOne(ensureUser(task, userId), ensureItem(task, itemId), this.#seconds());
    return task.draft.answerFor(answer, userId, itemId);
  }

  recommend(userId: string, count: number): Recommendation[] {
    const task = this.#taskOf(userId);
    const { learner } = task;
    const userRow = ensureUser(task, userId);
    const seconds = this.#seconds();
    const best = this.#candidates(task, userRow, count * candidatesEach);
    return best
      .map((row) => ({
        itemId: learner.items.idOf(row),
        prediction: fromInner(task.tools.scale, learner.predictOne(userRow, row, seconds).prediction),
      }))
      .sort((a, b) => b.prediction - a.prediction)
      .slice(0, count);
  }

  partitionOf(userId: string): number {
    // One partition is the usual case, and this is asked for every rating.
    return this.#partitionCount === 1 ? 0 : partitionOf(utf8.encode(userId), this.#partitionCount);
  }

  readiness(): Readiness {
    const ours = this.#ours();
    if (ours === null) return { kind: 'not-ready', reason: 'the group has not said which partitions belong here' };
    const missing = ours.filter((partition) => !this.#worker.tasks.has(partition));
    if (missing.length > 0) {
      const restored = `${ours.length - missing.length} of ${ours.length} partitions are restored`;
      return { kind: 'not-ready', reason: `${restored}; missing: ${listed(missing)}` };
    }
    const behind = this.#worker.behind();
    if (behind.length === 0) return { kind: 'ready' };
    return { kind: 'not-ready', reason: `the items of other workers' partitions are not all here: ${listed(behind)}` };
  }

  /** Next offset to process, by partition: how far the worker is. */
  appliedOffset(partition: number): Offset {
    return this.#worker.tasks.get(partition)?.nextOffset ?? 0;
  }

  /** Rows of the best items by bias and factors that the user has not rated, best first. */
  #candidates(task: Task, userRow: number, count: number): number[] {
    const { learner } = task;
    const rated = new Set<number>();
    if (userRow >= 0) learner.forEachRemembered(userRow, ({ itemRow }) => rated.add(itemRow));
    const best: { row: number; score: number }[] = [];
    let worst = -Infinity;
    for (let row = 0; row < learner.items.rowLimit; row++) {
      if (!learner.items.has(row) || rated.has(row)) continue;
      learner.items.read(row, this.#scratch);
      const score = learner.quickScore(this.#kernel, userRow, this.#scratch);
      if (best.length >= 2 * count && score <= worst) continue;
      best.push({ row, score });
      // Kept twice as long as needed, so that sorting is rare.
      if (best.length >= 4 * count) {
        best.sort((a, b) => b.score - a.score);
        best.length = 2 * count;
        worst = best.at(-1)?.score ?? -Infinity;
      }
    }
    return best
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ row }) => row);
  }

  #seconds(): number {
    return Math.floor(this.#nowMs() / 1000);
  }

  #taskOf(userId: string): Task {
    const partition = this.partitionOf(userId);
    const task = this.#worker.tasks.get(partition);
    if (task === undefined) {
      throw new NotOwnedError(
        `User "${userId.slice(0, 80)}" belongs to partition ${partition}, which this worker does not hold right now. Ask again shortly.`,
        { partition },
      );
    }
    return task;
  }
}

const listedMaxCount = 20;

function listed(partitions: readonly number[]): string {
  const text = partitions.slice(0, listedMaxCount).join(', ');
  return partitions.length > listedMaxCount ? `${text}, …` : text;
}

const utf8 = new TextEncoder();
