/** Parts of a window: what is learned from, and what the learned is judged by. */
import { WindowTooSmallError } from '../errors.ts';
import { mix } from '../kernel/seeded.ts';
import { partOf, type RatingsWindow } from './window.ts';

export interface Split {
  /** In time order, as the window was. */
  readonly rest: RatingsWindow;
  readonly heldOut: RatingsWindow;
}

/** Fewer held-out ratings tell nothing, and a window that cannot spare them is refused. */
export const fewestHeldOut = 10;

/** Holds out the last ratings: what a trained network meets when it serves. */
export function splitByTime(window: RatingsWindow, heldOutRatio: number): Split {
  const n = window.ratings.length;
  const first = n - heldOutCount(n, heldOutRatio);
  const places = Array.from({ length: n }, (_, place) => place);
  return { rest: partOf(window, places.slice(0, first)), heldOut: partOf(window, places.slice(first)) };
}

/** Holds out ratings drawn at random; the seed says which. */
export function splitRandomly(window: RatingsWindow, heldOutRatio: number, seed: number): Split {
  const n = window.ratings.length;
  const count = heldOutCount(n, heldOutRatio);
  const drawn = Float64Array.from({ length: n }, (_, place) => mix((mix(seed) + Math.imul(place + 1, 0x9e3779b9)) | 0));
  const order = Uint32Array.from(drawn.keys()).sort((a, b) => drawn[a]! - drawn[b]! || a - b);
  return {
    rest: partOf(window, order.slice(count).sort()),
    heldOut: partOf(window, order.slice(0, count).sort()),
  };
}

function heldOutCount(n: number, ratio: number): number {
  const count = Math.round(n * ratio);
  if (count >= fewestHeldOut && n - count >= count) return count;
  throw new WindowTooSmallError(
    `${n} ratings are too few to hold ${ratio} of them out: ${count} would be, and at least ${fewestHeldOut} and at most half are needed. Train later, or on a longer window`,
    { ratings: n, heldOutRatio: ratio },
  );
}
