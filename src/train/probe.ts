/** Answers of a network by the arithmetic that trained it: what serves has to give the same (`parityOf`). */
import type { Network } from '../model/networks/network.ts';
import { chance } from './chance.ts';
import type { RatingsWindow } from './window.ts';

export interface Probe {
  /** By pair: numbers of the window, and the answer, not clipped. */
  readonly users: Int32Array;
  readonly items: Int32Array;
  readonly answers: Float64Array;
}

const pairs = 1000;
/** A candidate that is further off is refused. */
export const mostParity = 1e-4;

/** Any user with any item of the training part. */
export function probe(
  { users, items }: RatingsWindow,
  seed: number,
  answer: (user: number, item: number) => number,
): Probe {
  const drawn = chance(seed, 3);
  const count = users.length === 0 ? 0 : pairs;
  const probed = {
    users: Int32Array.from({ length: count }, () => users[drawn.below(users.length)]!),
    items: Int32Array.from({ length: count }, () => items[drawn.below(items.length)]!),
    answers: new Float64Array(count),
  };
  for (let n = 0; n < count; n++) probed.answers[n] = answer(probed.users[n]!, probed.items[n]!);
  return probed;
}

/** How far the answers that serve are from those of training, at the most. */
export function parityOf(
  network: Network,
  { users, items, answers }: Probe,
  { userIds, itemIds }: Pick<RatingsWindow, 'userIds' | 'itemIds'>,
): number {
  let most = 0;
  answers.forEach((answer, n) => {
    const [user, item] = [network.userOf(userIds[users[n]!]!), network.itemOf(itemIds[items[n]!]!)];
    const difference = Math.abs(network.predict(user, item, nothing) - answer);
    most = difference > most || Number.isNaN(difference) ? difference : most;
  });
  return most;
}

const nothing = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };
