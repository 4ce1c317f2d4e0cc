/**
 * Ratings in which who rates an item says how it is liked, and no rating of it does. Items are of two kinds, and so are users who choose:
 * they rate items of their own kind, all with a 3. Others rate what comes, 5 what is of the kind that they like and 1 what is not.
 * In the validation part are what others gave to items that only those who choose have rated in the training part: the
 * error of biases is 2 there, and of who knows the kind of an item 0.
 */
import { chance } from '../../src/train/chance.ts';
import type { RatingsWindow } from '../../src/train/window.ts';

const ofEachKind = 20;
const others = 20;
const items = 120;
const ratersOfItem = 10;
/** Items up to here are rated by others in the training part. */
const judged = 90;

export function plantedChoices(seed: number): { readonly train: RatingsWindow; readonly validation: RatingsWindow } {
  const drawn = chance(seed);
  const some = (from: number, count: number): Int32Array => {
    const users = Int32Array.from({ length: count }, (_, n) => from + n);
    drawn.shuffle(users);
    return users.subarray(0, ratersOfItem);
  };
  const parts: number[][][] = [[], []];
  for (let item = 0; item < items; item++) {
    const kind = item % 2;
    for (const user of some(kind * ofEachKind, ofEachKind)) parts[0]!.push([user, item, 3]);
    for (const user of some(2 * ofEachKind, others)) {
      parts[item < judged ? 0 : 1]!.push([user, item, user % 2 === kind ? 5 : 1]);
    }
  }
  const [train, validation] = parts.map((part) => ({
    users: Int32Array.from(part, ([user]) => user!),
    items: Int32Array.from(part, ([, item]) => item!),
    ratings: Float32Array.from(part, ([, , rating]) => rating!),
    seconds: Uint32Array.from(part, (_, n) => n),
    userIds: Array.from({ length: 2 * ofEachKind + others }, (_, user) => `u${user}`),
    itemIds: Array.from({ length: items }, (_, item) => `i${item}`),
  }));
  return { train: train!, validation: validation! };
}
