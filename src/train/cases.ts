/**
 * A window by items: who rated each, and how. An item is an example of a sparse network, its raters are the units that are
 * present in it; nothing is stored or computed for the others.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { maxBlockCells, type Address, type Block } from '../kernel/row-memory.ts';
import { chance } from './chance.ts';
import type { RatingsWindow } from './window.ts';

export interface Cases {
  /** Ratings of item i: from `starts[i]` up to `starts[i + 1]`. */
  readonly starts: Int32Array;
  /** By rating. */
  readonly users: Int32Array;
  readonly values: Float32Array;
}

/** `valueOf`: what a network is told of a rating. */
export function casesOf(window: RatingsWindow, valueOf: (user: number, item: number, rating: number) => number): Cases {
  const { users, items, ratings } = window;
  const starts = new Int32Array(window.itemIds.length + 1);
  for (const item of items) starts[item + 1] = starts[item + 1]! + 1;
  for (let item = 1; item < starts.length; item++) starts[item] = starts[item]! + starts[item - 1]!;
  const next = starts.slice();
  const cases = { starts, users: new Int32Array(users.length), values: new Float32Array(users.length) };
  for (let n = 0; n < users.length; n++) {
    const item = items[n]!;
    const place = next[item]!;
    next[item] = place + 1;
    cases.users[place] = users[n]!;
    cases.values[place] = valueOf(users[n]!, item, ratings[n]!);
  }
  return cases;
}

export const ratingsOf = ({ starts }: Cases, item: number): number => starts[item + 1]! - starts[item]!;

/** Items with ratings, to be shuffled. */
export const ratedItems = (cases: Cases): Int32Array =>
  Int32Array.from({ length: cases.starts.length - 1 }, (_, item) => item).filter((item) => ratingsOf(cases, item) > 0);

/** The entries that kernels take (kernel/network-kernel.ts), in pieces when a case is longer than a block. */
export class Entries {
  readonly address: Address;
  readonly capacity: number;
  readonly #block: Block;

  constructor(kernel: Kernel, longest: number) {
    this.capacity = Math.max(1, Math.min(longest, maxBlockCells / 2));
    this.#block = kernel.memory.allocate(2 * this.capacity);
    this.address = this.#block.address;
  }

  set(at: number, row: Address, factor: number): void {
    this.#block.words[2 * at] = row;
    this.#block.floats[2 * at + 1] = factor;
  }
}

export const longestOf = (cases: Cases): number => {
  let longest = 0;
  for (let item = 0; item + 1 < cases.starts.length; item++) longest = Math.max(longest, ratingsOf(cases, item));
  return longest;
};

/** First weights: small, fixed by the seed. */
export const drawWeights = (seed: number, deviation: number): (() => number) => {
  const drawn = chance(seed);
  return () => deviation * drawn.centred();
};
