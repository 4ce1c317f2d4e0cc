import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MostSimilar } from '../../src/model/most-similar.ts';

function chosen(capacity: number, keys: readonly number[], from = 0): number[] {
  const out = new Int32Array(capacity);
  const count = new MostSimilar(capacity).choose(Float64Array.from(keys), from, keys.length, out);
  return [...out.subarray(0, count)];
}

describe('the most similar', () => {
  it('are the largest of all, in their own order, and of equal ones the first', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(4), fc.array(fc.integer({ min: -9, max: 9 })), (capacity, from, keys) => {
        const indexes = [...keys.keys()].slice(from);
        const best = indexes.toSorted((a, b) => keys[b]! - keys[a]! || a - b).slice(0, capacity);
        expect(chosen(capacity, keys, from)).toEqual(best.toSorted((a, b) => a - b));
      }),
    );
  });

  it('of none are none', () => {
    expect(chosen(2, [])).toEqual([]);
    expect(chosen(2, [1, 2, 3], 3)).toEqual([]);
  });
});
