/** Ratings made from known biases and factors, so that it is known how well they can be predicted. */
import { chance } from '../../src/train/chance.ts';
import type { RatingsWindow } from '../../src/train/window.ts';

export const noise = 0.3;

/** `count` different pairs; at best the error is `noise`. */
export function syntheticWindow(count: number, { users = 120, items = 90, seed = 1 } = {}): RatingsWindow {
  const drawn = chance(seed);
  const numbers = (length: number, deviation: number): number[] =>
    Array.from({ length }, () => deviation * drawn.centred());
  const [userBias, itemBias] = [numbers(users, 0.3), numbers(items, 0.3)];
  const [userFactors, itemFactors] = [numbers(2 * users, 0.7), numbers(2 * items, 0.7)];
  const pairs = Int32Array.from({ length: users * items }, (_, pair) => pair);
  drawn.shuffle(pairs);
  const chosen = pairs.slice(0, count);
  const ratingOf = (user: number, item: number): number => {
    const product =
      userFactors[2 * user]! * itemFactors[2 * item]! + userFactors[2 * user + 1]! * itemFactors[2 * item + 1]!;
    return 3 + userBias[user]! + itemBias[item]! + product + noise * drawn.centred();
  };
  const userOf = (pair: number): number => Math.floor(pair / items);
  return {
    users: chosen.map(userOf),
    items: chosen.map((pair) => pair % items),
    ratings: Float32Array.from(chosen, (pair) => Math.min(5, Math.max(1, ratingOf(userOf(pair), pair % items)))),
    seconds: Uint32Array.from(chosen, (_, n) => 1_600_000_000 + n),
    userIds: Array.from({ length: users }, (_, n) => `u${n}`),
    itemIds: Array.from({ length: items }, (_, n) => `i${n}`),
  };
}
