/** Why a prediction is what it is, and what is remembered of a user: for somebody who looks. Changes nothing. */
import type { PastRating } from '../model/experts/posterior.ts';
import { asWritten, unitsPerInner } from '../model/scale.ts';
import type { Explanation, ReasonKind, RememberedRating, UserView } from '../ports/serving.ts';
import { ensureItem, ensureUser } from './restore.ts';
import type { Task } from './task.ts';

/** Ratings named as reasons. */
const ratingsMaxCount = 10;
/** In inner units: what moves a prediction by less is no reason. */
const leastMove = 0.0005;

export function explainFor(task: Task, userId: string, itemId: string, seconds: number): Explanation {
  const { learner, tools } = task;
  const units = unitsPerInner(tools.scale);
  const userRow = ensureUser(task, userId);
  const itemRow = ensureItem(task, itemId);
  const answer = learner.predictOne(userRow, itemRow, seconds);
  const prediction = task.draft.answerFor(answer, userId, itemId);
  const base = answer.mean + answer.userBias + answer.itemBias + answer.interaction;
  const moves: readonly (readonly [ReasonKind, number])[] = [
    ['user', answer.userBias],
    ['item', answer.itemBias],
    ['interaction', answer.interaction],
    ['context', answer.online - base],
    ['networks', answer.prediction - answer.online],
  ];
  const ratings: (RememberedRating & { readonly moved: number })[] = [];
  learner.forEachInfluence(userRow, itemRow, seconds, (rating, moved) => {
    if (Math.abs(moved) < leastMove) return;
    ratings.push({ ...remembered(task, rating), moved: moved * units });
  });
  return {
    ...prediction,
    reasons: byMove(moves.filter(([, moved]) => Math.abs(moved) >= leastMove)).map(([kind, moved]) => ({
      kind,
      moved: moved * units,
    })),
    ratings: ratings.sort((a, b) => Math.abs(b.moved) - Math.abs(a.moved)).slice(0, ratingsMaxCount),
  };
}

const byMove = <T>(moves: readonly (readonly [T, number])[]): (readonly [T, number])[] =>
  [...moves].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));

export function viewOf(task: Task, userId: string, seconds: number): UserView {
  const { learner, tools } = task;
  const userRow = ensureUser(task, userId);
  if (userRow < 0) return { userId, isKnown: false, ratingsLearned: 0, level: 0, history: [] };
  const history: RememberedRating[] = [];
  learner.forEachRemembered(userRow, (slot) => history.push(remembered(task, slot)));
  return {
    userId,
    isKnown: true,
    ratingsLearned: learner.users.sequence(userRow),
    level: learner.predictOne(userRow, -1, seconds).userBias * unitsPerInner(tools.scale),
    history,
  };
}

function remembered(task: Task, slot: Readonly<PastRating>): RememberedRating {
  return {
    itemId: task.learner.items.idOf(slot.itemRow),
    rating: asWritten(task.tools.scale, slot.rating),
    ratedAtMs: slot.seconds * 1000,
  };
}
