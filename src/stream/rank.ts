/**
 * The best items for a user: all in memory ranked by bias and factors, and the best of them, four times as many as are
 * wanted, by the whole prediction. Reads only. A ranking goes step by step, so that whoever makes it can let others run
 * in between; rows that come or go meanwhile are seen as they are then.
 */
import type { Prediction } from '../ports/events.ts';
import { ensureUser } from './restore.ts';
import type { Task } from './task.ts';

const candidatesEach = 4;

export interface Ranking {
  /** Does a little; false when it is done. */
  step(): boolean;
  /** Once it is done, best first. */
  best(): readonly Prediction[];
}

export function rankFor(task: Task, userId: string, count: number, seconds: number): Ranking {
  const { learner } = task;
  const rated = new Set<number>();
  const firstUserRow = ensureUser(task, userId);
  if (firstUserRow >= 0) learner.forEachRemembered(firstUserRow, ({ itemRow }) => rated.add(itemRow));
  // The items that are left out afterwards may be among the best.
  const kept = count * candidatesEach;
  const scan = task.scan.begin(kept === 0 ? 0 : kept + rated.size);
  let candidates: readonly number[] = [];
  let answers: Prediction[] | null = null;
  let nextCandidate = 0;

  function predictNext(into: Prediction[]): void {
    const row = candidates[nextCandidate++] ?? -1;
    if (!learner.items.has(row)) return;
    const answer = learner.predictOne(learner.users.find(userId), row, seconds);
    into.push(task.draft.answerFor(answer, userId, learner.items.idOf(row)));
  }

  return {
    step() {
      if (answers === null) {
        const userRow = learner.users.find(userId);
        if (scan.step(userRow < 0 ? undefined : learner.users.values(userRow))) return true;
        const best = scan.best().map(({ row }) => row);
        candidates = best.filter((row) => !rated.has(row)).slice(0, kept);
        answers = [];
      } else {
        predictNext(answers);
      }
      return nextCandidate < candidates.length;
    },
    best: () => (answers ?? []).sort((a, b) => b.prediction - a.prediction).slice(0, count),
  };
}
