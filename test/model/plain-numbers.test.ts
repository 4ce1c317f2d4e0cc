/** Scale, seeded chance and shared sums: the small pure functions under the learner. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipInner, fromInner, innerScale, toInner, unitsPerInner } from '../../src/model/scale.ts';
import { fillSeeded, hashId } from '../../src/kernel/seeded.ts';
import { plainRows } from '../../src/kernel/row-memory.ts';
import { SharedSums } from '../../src/model/shared-sums.ts';

describe('scale', () => {
  it('maps its ends onto 1 and 5, and back', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (lo, span, part) => {
          const scale = { lo, hi: lo + span };
          expect(toInner(scale, scale.lo)).toBe(innerScale.lo);
          expect(toInner(scale, scale.hi)).toBeCloseTo(innerScale.hi, 9);
          const rating = lo + part * (scale.hi - lo);
          const tolerance = 1e-9 * (Math.abs(lo) + span);
          expect(Math.abs(fromInner(scale, toInner(scale, rating)) - rating)).toBeLessThanOrEqual(tolerance);
        },
      ),
    );
  });

  it('of one value maps onto the middle and back onto that value', () => {
    expect(toInner({ lo: 4, hi: 4 }, 4)).toBe(3);
    expect(fromInner({ lo: 4, hi: 4 }, 4.7)).toBe(4);
    expect(unitsPerInner({ lo: -10, hi: 10 })).toBe(5);
  });

  it('clips to 1..5', () => {
    expect([-Infinity, 0.9, 1, 3, 5, 5.1].map(clipInner)).toEqual([1, 1, 1, 3, 5, 5]);
  });
});

describe('seeded chance', () => {
  const draws = (id: string, seed: number, k = 32): Float32Array => {
    const out = new Float32Array(k + 2);
    fillSeeded(out, 1, k, hashId(id, seed), 0.5);
    return out;
  };

  it('depends on id and seed only, stays in its cells, and differs from id to id and seed to seed', () => {
    expect(draws('a', 1)).toEqual(draws('a', 1));
    expect(draws('a', 1)).not.toEqual(draws('a', 2));
    expect(draws('a', 1)).not.toEqual(draws('b', 1));
    expect([draws('a', 1)[0], draws('a', 1).at(-1)]).toEqual([0, 0]);
  });

  it('has mean 0 and the deviation asked for, and no correlation between ids that differ by one', () => {
    const values = Array.from({ length: 2000 }, (_, n) => [...draws(`item-${n}`, 1).subarray(1, 33)]);
    const mean = (numbers: number[]) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const all = values.flat();
    expect(Math.abs(mean(all))).toBeLessThan(0.01);
    expect(Math.sqrt(mean(all.map((value) => value * value)))).toBeCloseTo(0.5, 2);
    const products = values.slice(1).flatMap((row, n) => row.map((value, f) => value * values[n]![f]!));
    expect(Math.abs(mean(products))).toBeLessThan(0.01);
    const neighbours = values.flatMap((row) => row.slice(1).map((value, f) => value * row[f]!));
    expect(Math.abs(mean(neighbours))).toBeLessThan(0.01);
  });

  it('hashes as many ids as there are without crowding', () => {
    const hashes = new Set(Array.from({ length: 100_000 }, (_, n) => hashId(`user-${n}`, 1)));
    // 100,000 draws among 2^32 meet about once.
    expect(hashes.size).toBeGreaterThan(99_990);
  });
});

describe('shared sums', () => {
  it('answer own plus rest, and put a change back exactly', () => {
    const sums = new SharedSums(2, plainRows);
    sums.touch();
    sums.own.set([0.1, 2]);
    sums.settle();
    sums.rest.set([1, 10]);
    expect([sums.at(0), sums.at(1), sums.touched]).toEqual([1.1, 12, false]);
    sums.touch();
    sums.own[0] = 0.4;
    sums.touch();
    sums.own[1] = 5;
    sums.rollBack();
    expect([...sums.own, sums.touched]).toEqual([0.1, 2, false]);
    expect([...sums.rest]).toEqual([1, 10]);
  });
});
