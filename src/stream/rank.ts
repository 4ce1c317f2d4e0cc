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
  let isScanned = false;
  let nextCandidate = 0;
  /** Best first, at most `count`; what each was predicted, on the inner scale. */
  const best: Prediction[] = [];
  const values: number[] = [];

  function predictNext(): void {
    const row = candidates[nextCandidate++] ?? -1;
    if (!learner.items.has(row)) return;
    const answer = learner.predictOne(learner.users.find(userId), row, seconds);
    const value = answer.prediction;
    // Most are none of the best: nothing is made of them.
    if (best.length === count && value <= (values.at(-1) ?? Infinity)) return;
    const worse = values.findIndex((other) => other < value);
    const at = worse < 0 ? best.length : worse;
    best.splice(at, 0, task.draft.answerFor(answer, userId, learner.items.idOf(row)));
    values.splice(at, 0, value);
    best.length = values.length = Math.min(count, best.length);
  }

  return {
    step() {
      if (!isScanned) {
        const userRow = learner.users.find(userId);
        if (scan.step(userRow < 0 ? undefined : learner.users.values(userRow))) return true;
        const rows = scan.best().map(({ row }) => row);
        candidates = rows.filter((row) => !rated.has(row)).slice(0, kept);
        isScanned = true;
      } else {
        predictNext();
      }
      return nextCandidate < candidates.length;
    },
    best: () => best,
  };
}
