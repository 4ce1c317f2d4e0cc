import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as data from '../../src/train/seed-data.ts';
import { factorizeByRating, factorizeByRow } from '../../src/train/seed-listings.ts';
import { onlyTested, splitKeepingEveryone, testRmse } from '../../src/train/seed-split.ts';

interface Fitted {
  userFactors: number[][];
  itemFactors: number[][];
  predictions: number[][];
}

/** Computed with numpy and scikit-learn from the seeds of the document. */
const golden = JSON.parse(readFileSync(new URL('../golden/seed.json', import.meta.url), 'utf8')) as {
  ratings: number[][];
  factors: number;
  iterations: number;
  learningRate: number;
  regularization: number;
  initialUserFactors: number[][];
  initialItemFactors: number[][];
  loop: Fitted;
  vectorized: Fitted;
  split: Record<
    'train' | 'test' | 'initialUserFactors' | 'initialItemFactors' | 'trainPredictions' | 'testPredictions',
    number[][]
  > & {
    testRmse: number;
  };
};

function expectClose(actual: data.Matrix, expected: number[][]) {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  const worst = Math.max(...expected.flatMap((row, i) => row.map((value, j) => Math.abs(value - actual[i]![j]!))));
  expect(worst).toBeLessThanOrEqual(1e-8);
}

describe('the seed listings', () => {
  it('start from the golden numbers', () => {
    expect(data.seedRatings).toEqual(golden.ratings);
    expect(data.seedInitialFactors).toEqual({ user: golden.initialUserFactors, item: golden.initialItemFactors });
    expect(data.seedSplitInitialFactors).toEqual({
      user: golden.split.initialUserFactors,
      item: golden.split.initialItemFactors,
    });
    const { factors, iterations, learningRate, regularization } = golden;
    expect(data.seedHyperparameters).toEqual({ factors, iterations, learningRate, regularization });
  });

  it.each([
    ['loop', factorizeByRating],
    ['vectorized', factorizeByRow],
  ] as const)('reproduce %s to 1e-8', (name, factorize) => {
    const fitted = factorize(data.seedRatings, data.seedInitialFactors, data.seedHyperparameters);
    expectClose(fitted.userFactors, golden[name].userFactors);
    expectClose(fitted.itemFactors, golden[name].itemFactors);
    expectClose(fitted.predictions, golden[name].predictions);
  });

  it('reproduce split to 1e-8', () => {
    const { train, test, putBack } = splitKeepingEveryone(data.seedRatings, data.seedDrawnForTest);
    expect(train).toEqual(golden.split.train);
    expect(test).toEqual(golden.split.test);
    expect(putBack).toEqual([]);
    const { predictions } = factorizeByRow(train, data.seedSplitInitialFactors, data.seedHyperparameters);
    expectClose(predictions, golden.split.trainPredictions);
    expectClose(onlyTested(predictions, test), golden.split.testPredictions);
    expect(Math.abs(testRmse(predictions, test) - golden.split.testRmse)).toBeLessThanOrEqual(1e-8);
  });

  it('leave their initial factors as they were', () => {
    const initial = structuredClone(data.seedInitialFactors);
    factorizeByRating(data.seedRatings, data.seedInitialFactors, {
      iterations: 1,
      learningRate: 0.1,
      regularization: 0,
    });
    expect(data.seedInitialFactors).toEqual(initial);
  });
});

describe('the split', () => {
  it('keeps every user and every item in training, whatever is drawn, and says what it put back', () => {
    const everything = data.seedRatings.flatMap((row, user) =>
      row.flatMap((rating, item) => (rating > 0 ? [[user, item] as const] : [])),
    );
    for (const drawn of [everything, [...everything].reverse()]) {
      const { train, test, putBack, lastOnes } = splitKeepingEveryone(data.seedRatings, drawn);
      for (const row of train) expect(Math.max(...row)).toBeGreaterThan(0);
      for (const item of [0, 1, 2, 3]) expect(Math.max(...train.map((row) => row[item]!))).toBeGreaterThan(0);
      expect(train.map((row, user) => row.map((rating, item) => rating + test[user]![item]!))).toEqual(
        data.seedRatings,
      );
      const kept = train.flat().filter((rating) => rating > 0);
      expect(putBack).toHaveLength(kept.length);
      expect(lastOnes).toHaveLength(kept.length);
    }
  });

  it('names the ratings that had to stay', () => {
    expect(splitKeepingEveryone(data.seedRatings, data.seedDrawnForTest).lastOnes).toEqual([
      [2, 1],
      [4, 2],
    ]);
  });
});
