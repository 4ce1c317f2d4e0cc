/** Answers from a running worker's memory, for adapters/http and prediction requests. Changes nothing. */
import { NotOwnedError } from '../errors.ts';
import type { Prediction } from '../ports/events.ts';
import type { Explanation, Readiness, Recommendation, Serving, UserView } from '../ports/serving.ts';
import type { Offset } from '../ports/transport.ts';
import { explainFor, viewOf } from './explain.ts';
import { partitionOf } from './partition-of.ts';
import { rankFor } from './rank.ts';
import { ensureItem, ensureUser } from './restore.ts';
import type { Task } from './task.ts';
import type { Worker } from './worker.ts';

export class ServingWorker implements Serving {
  readonly #worker: Worker;
  readonly #partitionCount: number;
  readonly #nowMs: () => number;
  readonly #ours: () => readonly number[] | null;

  /** `ours`: the partitions that this worker is to hold; null while that is not known. */
  constructor(worker: Worker, partitionCount: number, nowMs: () => number, ours: () => readonly number[] | null) {
    this.#ours = ours;
    this.#worker = worker;
    this.#partitionCount = partitionCount;
    this.#nowMs = nowMs;
  }

  predict(userId: string, itemId: string): Prediction {
    const task = this.#taskOf(userId);
    const answer = task.learner.predictOne(ensureUser(task, userId), ensureItem(task, itemId), this.#seconds());
    return task.draft.answerFor(answer, userId, itemId);
  }

  explain(userId: string, itemId: string): Explanation {
    return explainFor(this.#taskOf(userId), userId, itemId, this.#seconds());
  }

  user(userId: string): UserView {
    return viewOf(this.#taskOf(userId), userId, this.#seconds());
  }

  recommend(userId: string, count: number): Recommendation[] {
    const ranking = rankFor(this.#taskOf(userId), userId, count, this.#seconds());
    while (ranking.step());
    return ranking.best().map(({ itemId, prediction }) => ({ itemId, prediction }));
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
