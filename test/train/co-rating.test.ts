import { describe, expect, it } from 'vitest';
import { raterDamping } from '../../src/model/experts/covariance.ts';
import { coRatingLoadings } from '../../src/train/co-rating.ts';
import { planted } from './planted.ts';

const { train } = planted(60, 20, 11);
const items = train.itemIds.length;

/** n_ij / √((n_i + δ)(n_j + δ)), from sets of raters. */
function damped(a: number, b: number): number {
  const raters = (item: number): Set<number> => new Set([...train.users].filter((_, n) => train.items[n] === item));
  const [ofA, ofB] = [raters(a), raters(b)];
  const both = [...ofA].filter((user) => ofB.has(user)).length;
  return both / Math.sqrt((ofA.size + raterDamping) * (ofB.size + raterDamping));
}

function product(loadings: Float32Array, rank: number, a: number, b: number): number {
  let sum = 0;
  for (let r = 0; r < rank; r++) sum += loadings[a * rank + r]! * loadings[b * rank + r]!;
  return sum;
}

describe('loadings of who rates the same items', () => {
  it('multiply to the damped cosines when there are as many as items', () => {
    const loadings = coRatingLoadings(train, items, 5);
    for (let a = 0; a < items; a++) {
      // Directions of about the same weight are told apart slowly, and mixed ones explain nearly as much.
      for (let b = 0; b <= a; b++) expect(Math.abs(product(loadings, items, a, b) - damped(a, b))).toBeLessThan(0.02);
    }
  });

  it('explain no more than there is, and more with every direction', () => {
    const explained = [1, 4, 12].map((rank) => {
      const loadings = coRatingLoadings(train, rank, 5);
      return Array.from({ length: items }, (_, item) => product(loadings, rank, item, item)).reduce((a, b) => a + b);
    });
    const all = Array.from({ length: items }, (_, item) => damped(item, item)).reduce((a, b) => a + b);
    expect(explained[0]).toBeLessThan(explained[1]!);
    expect(explained[1]).toBeLessThan(explained[2]!);
    expect(explained[2]).toBeLessThanOrEqual(all);
  });

  it('are the same bits for the same seed, and nothing for an item that nobody rated', () => {
    const one = { ...train, itemIds: [...train.itemIds, 'unrated'] };
    expect(coRatingLoadings(one, 6, 5)).toEqual(coRatingLoadings(one, 6, 5));
    expect([...coRatingLoadings(one, 6, 5).slice(-6)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
