import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combinedCoverage, combinedErrors, Score } from '../../src/stream/score.ts';

const experts = ['mean', 'blend'];
const scored = (...events: readonly (readonly [mean: number, blend: number, rating: number])[]): Score => {
  const score = new Score(experts);
  for (const [mean, blend, rating] of events) score.add([mean, blend], rating, true);
  return score;
};

describe('the score', () => {
  test('is the root of the mean square, and the mean, of the errors of each expert', () => {
    expect(combinedErrors(experts, [scored([3, 4, 5], [3, 4, 4])])).toEqual([
      { expert: 'mean', rmseTotal: Math.sqrt(5 / 2), maeTotal: 1.5, rmseWindow: Math.sqrt(5 / 2), maeWindow: 1.5 },
      { expert: 'blend', rmseTotal: Math.sqrt(1 / 2), maeTotal: 0.5, rmseWindow: Math.sqrt(1 / 2), maeWindow: 0.5 },
    ]);
  });

  test('of several tasks is that of all their events together', () => {
    const together = combinedErrors(experts, [scored([3, 4, 5], [1, 1, 2], [2, 2, 4])]);
    const apart = combinedErrors(experts, [scored([3, 4, 5]), scored([1, 1, 2], [2, 2, 4]), scored()]);
    expect(apart).toEqual(together);
  });

  test('of nothing is not a number, so that no metric shows a perfect score', () => {
    expect(combinedErrors(experts, [scored()]).map(({ rmseTotal, maeWindow }) => [rmseTotal, maeWindow])).toEqual([
      [NaN, NaN],
      [NaN, NaN],
    ]);
    expect(combinedCoverage([scored()])).toBeNaN();
  });

  test('has a window of the last 10,000 events beside its totals', () => {
    const score = new Score(experts);
    for (let i = 0; i < 5_000; i++) score.add([0, 0], 2, false);
    for (let i = 0; i < 10_000; i++) score.add([0, 0], 1, true);
    const [mean] = combinedErrors(experts, [score]);
    expect(mean).toMatchObject({ maeTotal: 20_000 / 15_000, maeWindow: 1 });
    expect(combinedCoverage([score])).toBe(1);
    expect(score.events).toBe(15_000);
  });

  test('says which share of the ratings lay inside their interval', () => {
    const score = new Score(experts);
    for (const inside of [true, true, false, true]) score.add([0, 0], 1, inside);
    expect(combinedCoverage([score])).toBe(0.75);
  });

  test('is exactly as before the batch after a roll-back, also when the batch went round the whole window', () => {
    const count = fc.integer({ min: 0, max: 14_000 });
    fc.assert(
      fc.property(count, count, count, (before, lost, after) => {
        const add = (score: Score, events: number, rating: number): void => {
          for (let i = 0; i < events; i++) score.add([i % 7, i % 3], rating, i % 2 === 0);
        };
        const score = new Score(experts);
        add(score, before, 3);
        score.settle();
        add(score, lost, 5);
        score.rollBack();
        add(score, after, 2);
        const calm = new Score(experts);
        add(calm, before, 3);
        add(calm, after, 2);
        expect(combinedErrors(experts, [score])).toEqual(combinedErrors(experts, [calm]));
        expect(combinedCoverage([score])).toBe(combinedCoverage([calm]));
      }),
      {
        numRuns: 25,
        examples: [
          [0, 12_000, 3],
          [10_000, 12_000, 0],
          [9_999, 1, 1],
        ],
      },
    );
  });

  test('goes on from stored totals', () => {
    const score = new Score(experts);
    score.restore(scored([3, 4, 5]).totals);
    score.rollBack();
    score.add([3, 4], 4, true);
    expect(score.totals).toEqual(scored([3, 4, 5], [3, 4, 4]).totals);
  });
});
