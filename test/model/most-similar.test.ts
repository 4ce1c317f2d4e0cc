import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MostSimilar } from '../../src/model/most-similar.ts';

describe('the most similar', () => {
  it('are the largest of all offers, whatever the order, each with what came with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.integer({ min: -50, max: 50 })), (capacity, keys) => {
        const similar = new MostSimilar(capacity);
        keys.forEach((key, index) => similar.offer(index, key, 10 * key));
        const kept = Array.from({ length: similar.size }, (_, i) => keys[similar.indexes[i]!]!);
        const largest = keys.toSorted((a, b) => b - a).slice(0, capacity);
        expect(kept.toSorted((a, b) => b - a)).toEqual(largest);
        expect(new Set(similar.indexes.subarray(0, similar.size)).size).toBe(similar.size);
        kept.forEach((key, i) => expect(similar.dots[i]).toBe(10 * key));
      }),
    );
  });

  it('keep the first of equal ones', () => {
    const similar = new MostSimilar(2);
    for (const index of [0, 1, 2, 3]) similar.offer(index, 1, 1);
    expect([...similar.indexes]).toEqual([0, 1]);
  });

  it('begin anew when cleared', () => {
    const similar = new MostSimilar(2);
    similar.offer(7, 1, 1);
    similar.clear();
    expect(similar.size).toBe(0);
  });
});
