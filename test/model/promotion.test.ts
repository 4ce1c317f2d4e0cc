/**
 * The rule of promotion on streams whose truth is known: two versions answer the same ratings, their errors are mostly the
 * same ones, and one is a little better. Users come in runs, and who is hard to guess is hard for a while.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { blockLength, Blocks, boundAtAnyTime, boundOnce, sumOf } from '../../src/model/confidence.ts';
import { Drift } from '../../src/model/drift.ts';
import { candidateVerdict, formerVerdict, gate, promotionRule, type Measured } from '../../src/model/promotion.ts';

/** Differences of squared errors with this mean: runs of ratings of a user share part of it. */
function* differences(seed: number, mean: number, deviation = 0.5): Generator<number> {
  const { normal, uniform } = seededRandom(seed);
  for (;;) {
    const ofUser = 0.3 * deviation * normal();
    for (let run = 1 + Math.floor(20 * uniform()); run > 0; run--) yield mean + ofUser + deviation * normal();
  }
}

type Verdict = 'first' | 'second' | 'wait';

/** The first verdict that is no waiting, looked for every 100 ratings, and how many it took. */
function judged(
  stream: Iterable<number>,
  verdictOf: (blocks: Blocks) => { readonly kind: Verdict },
  most: number,
): { readonly kind: Verdict; readonly ratings: number } {
  const blocks = new Blocks();
  let ratings = 0;
  for (const value of stream) {
    blocks.add(value);
    if (++ratings % 100 === 0) {
      const { kind } = verdictOf(blocks);
      if (kind !== 'wait') return { kind, ratings };
    }
    if (ratings === most) break;
  }
  return { kind: 'wait', ratings };
}

const runs = Array.from({ length: 100 }, (_, seed) => seed);
const live = (mean: number, seed: number) =>
  judged(differences(seed, mean), (blocks) => candidateVerdict(blocks, true), 40_000);

describe('a candidate on live ratings', () => {
  test('is practically never promoted when it is worse, or equally good', () => {
    expect(runs.filter((seed) => live(-0.005, seed).kind === 'first')).toHaveLength(0);
    expect(runs.filter((seed) => live(0, seed).kind === 'first').length).toBeLessThanOrEqual(2);
  });

  test('is promoted when it is better: the sooner, the better it is', () => {
    const little = runs.map((seed) => live(0.03, seed));
    expect(little.filter(({ kind }) => kind === 'first').length).toBeGreaterThanOrEqual(95);
    const much = runs.map((seed) => live(0.1, seed));
    expect(much.every(({ kind }) => kind === 'first')).toBe(true);
    const mean = (outcomes: typeof much): number =>
      outcomes.reduce((sum, { ratings }) => sum + ratings, 0) / runs.length;
    expect(mean(much)).toBeLessThan(mean(little) / 2);
  });

  test('is given up when it makes no difference', () => {
    expect(live(0, 1)).toEqual({ kind: 'second', ratings: promotionRule.candidateRatings });
  });

  test('serves after a short trial where nothing serves, unless it is worse than the mean', () => {
    const first = (mean: number) => judged(differences(1, mean), (blocks) => candidateVerdict(blocks, false), 5000);
    expect(first(0.2)).toEqual({ kind: 'first', ratings: promotionRule.firstRatings });
    expect(first(-0.5)).toMatchObject({ kind: 'second' });
  });
});

describe('the version that served before', () => {
  const after = (mean: number, seed: number) =>
    judged(differences(seed, mean), (blocks) => formerVerdict(blocks), 40_000);

  test('comes back within 5,000 ratings of a regression of .05 in squared error', () => {
    const outcomes = runs.map((seed) => after(0.05, seed));
    expect(outcomes.filter(({ kind, ratings }) => kind === 'first' && ratings <= 5000).length).toBeGreaterThanOrEqual(
      95,
    );
  });

  test('does not come back without one, and is let go', () => {
    const outcomes = runs.map((seed) => after(-0.01, seed));
    expect(outcomes.every(({ kind, ratings }) => kind === 'second' && ratings === promotionRule.formerRatings)).toBe(
      true,
    );
  });
});

describe('the gate', () => {
  function measured(mean: number, seed: number, ratings = 10_000): Measured {
    const blocks = new Blocks();
    let left = ratings;
    for (const value of differences(seed, mean)) {
      if (left-- === 0) break;
      blocks.add(value);
    }
    return {
      differences: blocks,
      againstSquared: 0.8,
      servesAlready: true,
      isFinite: true,
      parity: 1e-6,
      sizeBytes: 1000,
    };
  }

  test('lets a better candidate through, and hardly ever a worse one', () => {
    expect(runs.filter((seed) => gate(measured(0.03, seed)).passes).length).toBeGreaterThanOrEqual(95);
    expect(runs.filter((seed) => gate(measured(-0.003, seed)).passes).length).toBeLessThanOrEqual(3);
  });

  test('wants more than a hair, however sure that is', () => {
    const blocks = new Blocks();
    for (let i = 0; i < 10_000; i++) blocks.add(i % 2 === 0 ? 0.0004 : 0.0002);
    expect(gate({ ...measured(0, 1), differences: blocks })).toMatchObject({ passes: false });
  });

  test('refuses what is not finite, too large, too short to judge or not what was trained, whatever its errors are', () => {
    const good = measured(0.1, 1);
    expect(gate(good).passes).toBe(true);
    expect(gate({ ...good, isFinite: false })).toMatchObject({
      passes: false,
      reason: expect.stringContaining('finite'),
    });
    expect(gate({ ...good, sizeBytes: 1e12 })).toMatchObject({
      passes: false,
      reason: expect.stringContaining('bytes'),
    });
    expect(gate({ ...good, parity: 2e-4 })).toMatchObject({ passes: false, reason: expect.stringContaining('apart') });
    expect(gate({ ...good, parity: NaN }).passes).toBe(false);
    expect(gate(measured(0.1, 1, 100))).toMatchObject({ passes: false, reason: expect.stringContaining('too short') });
  });

  test('asks of the first version of a kind that it is not surely worse than the biases', () => {
    expect(gate({ ...measured(0, 1), servesAlready: false }).passes).toBe(true);
    expect(gate({ ...measured(-0.1, 1), servesAlready: false }).passes).toBe(false);
  });
});

describe('the bounds', () => {
  test('the one for all times lies outside the one for once, and both close in', () => {
    const counts = fc.integer({ min: 10, max: 100_000 });
    fc.assert(
      fc.property(counts, fc.double({ min: -1, max: 1, noNaN: true }), (blocks, mean) => {
        const sums = { blocks, sum: blocks * mean, squares: blocks * (mean * mean + 0.04) };
        const once = boundOnce(sums, 2);
        const always = boundAtAnyTime(sums, 0.01, 100);
        expect(always.low).toBeLessThan(once.low);
        expect(always.high).toBeGreaterThan(once.high);
        expect(once.mean).toBeCloseTo(mean, 9);
        const later = boundAtAnyTime({ blocks: 4 * blocks, sum: 4 * sums.sum, squares: 4 * sums.squares }, 0.01, 100);
        expect(later.high - later.low).toBeLessThan(always.high - always.low);
      }),
    );
  });

  test('blocks take back what came since they were settled, and the sums of several add up', () => {
    const values = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { maxLength: 90 });
    fc.assert(
      fc.property(values, values, values, (kept, dropped, later) => {
        const plain = new Blocks();
        for (const value of [...kept, ...later]) plain.add(value);
        const blocks = new Blocks();
        for (const value of kept) blocks.add(value);
        blocks.settle();
        for (const value of dropped) blocks.add(value);
        blocks.rollBack();
        for (const value of later) blocks.add(value);
        const of = ({ blocks: n, sum, squares, values: count }: Blocks) => [n, sum, squares, count];
        expect(of(blocks)).toEqual(of(plain));
        expect(sumOf([blocks, plain])).toEqual({
          blocks: 2 * plain.blocks,
          sum: 2 * plain.sum,
          squares: 2 * plain.squares,
        });
        expect(plain.blocks).toBe(Math.floor((kept.length + later.length) / blockLength));
      }),
    );
  });
});

describe('drift', () => {
  const drifted = (before: number, after: number, seed: number): boolean => {
    const drift = new Drift();
    let count = 0;
    for (const value of differences(seed, 0)) {
      if (count === 40_000) break;
      drift.add(value + (count++ < 12_000 ? before : after));
    }
    return drift.hasDrifted;
  };

  test('is seen when the network becomes worse than it was, and not when it becomes better or stays as it is', () => {
    const few = runs.slice(0, 30);
    expect(few.filter((seed) => drifted(-0.1, 0, seed)).length).toBeGreaterThanOrEqual(29);
    expect(few.filter((seed) => drifted(-0.1, -0.1, seed)).length).toBeLessThanOrEqual(1);
    expect(few.filter((seed) => drifted(0, -0.1, seed)).length).toBe(0);
  });
});
