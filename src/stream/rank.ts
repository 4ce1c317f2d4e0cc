/**
 * The best items for a user: all in memory ranked by bias and factors, and the best of them, four times as many as are
 * wanted, by the whole prediction. Reads only. A ranking goes step by step, so that whoever makes it can let others run
 * in between; rows that come or go meanwhile are seen as they are then.
 */
import type { Prediction } from '../ports/events.ts';
import { ensureUser } from './restore.ts';
import type { Task } from './task.ts';

const candidatesEach = 4;
/** Items scored in one step; some 0.1 ms. */
const itemsPerStep = 1000;

interface Candidate {
  readonly row: number;
  readonly score: number;
}

export interface Ranking {
  /** Does a little; false when it is done. */
  step(): boolean;
  /** Once it is done, best first. */
  best(): readonly Prediction[];
}

export function rankFor(task: Task, userId: string, count: number, seconds: number): Ranking {
  const { learner } = task;
  const { memory } = learner.items.kernel;
  const kept = count * candidatesEach;
  const rated = new Set<number>();
  const firstUserRow = ensureUser(task, userId);
  if (firstUserRow >= 0) learner.forEachRemembered(firstUserRow, ({ itemRow }) => rated.add(itemRow));
  const candidates: Candidate[] = [];
  let worst = -Infinity;
  let nextRow = 0;
  let answers: Prediction[] | null = null;
  let nextCandidate = 0;

  function keepBest(most: number): void {
    candidates.sort((a, b) => b.score - a.score);
    candidates.length = Math.min(candidates.length, most);
  }

  function scan(): void {
    const userRow = learner.users.find(userId);
    const scratch = memory.allocate(learner.items.cells);
    const end = Math.min(nextRow + itemsPerStep, learner.items.rowLimit);
    for (; nextRow < end; nextRow++) {
      if (!learner.items.has(nextRow) || rated.has(nextRow)) continue;
      learner.items.sumTo(nextRow, scratch.address);
      const score = learner.quickScore(userRow, scratch);
      if (candidates.length >= 2 * kept && score <= worst) continue;
      candidates.push({ row: nextRow, score });
      // Kept twice as long as needed, so that sorting is rare.
      if (candidates.length < 4 * kept) continue;
      keepBest(2 * kept);
      worst = candidates.at(-1)?.score ?? -Infinity;
    }
    memory.release(scratch);
  }

  function predictNext(into: Prediction[]): void {
    const row = candidates[nextCandidate++]?.row ?? -1;
    if (!learner.items.has(row)) return;
    const answer = learner.predictOne(learner.users.find(userId), row, seconds);
    into.push(task.draft.answerFor(answer, userId, learner.items.idOf(row)));
  }

  return {
    step() {
      if (answers === null) {
        scan();
        if (nextRow < learner.items.rowLimit) return true;
        keepBest(kept);
        answers = [];
      } else {
        predictNext(answers);
      }
      return nextCandidate < candidates.length;
    },
    best: () => (answers ?? []).sort((a, b) => b.prediction - a.prediction).slice(0, count),
  };
}
