import { describe, expect, it } from 'vitest';
import { expectedHalfStars, normalCdf, toHalfStars } from '../../../src/adapters/synthetic/half-stars.ts';
import { defaultWorld, ratingStream } from '../../../src/adapters/synthetic/rating-stream.ts';
import { seededRandom } from '../../../src/adapters/synthetic/seeded-random.ts';
import { syntheticRatings } from '../../../src/adapters/synthetic/synthetic-ratings.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('half stars', () => {
  it('stay on their scale', () => {
    expect([-3, 0.6, 0.76, 3.3, 4.8, 9].map(toHalfStars)).toEqual([0.5, 0.5, 1, 3.5, 5, 5]);
  });

  it.each([
    [-8, 0.6],
    [0.4, 0.6],
    [3.1, 0.6],
    [3.25, 0.05],
    [4.9, 1.3],
  ])('are expected as numbers, by integrating over the noise around %d with %d', (mean, noise) => {
    const steps = 200_000;
    const width = 20 / steps;
    let integral = 0;
    for (let step = 0; step < steps; step += 1) {
      const x = -10 + (step + 0.5) * width;
      integral += (toHalfStars(mean + noise * x) * Math.exp((-x * x) / 2) * width) / Math.sqrt(2 * Math.PI);
    }
    expect(Math.abs(expectedHalfStars(mean, noise) - integral)).toBeLessThan(2e-4);
  });

  it('know the normal distribution', () => {
    for (const [x, phi] of [
      [0, 0.5],
      [1, 0.841344746],
      [-1.96, 0.0249978951],
      [4, 0.9999683288],
    ] as const) {
      expect(Math.abs(normalCdf(x) - phi)).toBeLessThan(1e-7);
    }
  });
});

describe('seeded chance', () => {
  it('is uniform and normal, and differs from seed to seed', () => {
    const { uniform, normal } = seededRandom(7);
    const draws = Array.from({ length: 100_000 }, uniform);
    expect(Math.abs(sum(draws) / draws.length - 0.5)).toBeLessThan(0.005);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const share = draws.filter((draw) => Math.floor(draw * 10) === tenth).length / draws.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.005);
    }
    const normals = Array.from({ length: 100_000 }, normal);
    const moment = (power: number) => sum(normals.map((draw) => draw ** power)) / normals.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    const firsts = Array.from({ length: 1_000 }, (_, seed) => seededRandom(1, seed).uniform());
    expect(new Set(firsts).size).toBe(1_000);
    expect(Math.abs(sum(firsts) / 1_000 - 0.5)).toBeLessThan(0.05);
  });
});

describe('synthetic ratings', () => {
  const table = syntheticRatings();
  const errors = [...table.ratings].map((rating, event) => rating - table.expected[event]!);
  const rmse = Math.sqrt(sum(errors.map((error) => error * error)) / errors.length);

  it('are the same bits for the same seed, and others for another', () => {
    const columns = ['userIndex', 'itemIndex', 'ratings', 'ratedAtMs', 'expected'] as const;
    const again = syntheticRatings();
    for (const column of columns) expect(sameBits(again[column], table[column]), column).toBe(true);
    const other = syntheticRatings({ seed: 2 });
    for (const column of columns) expect(sameBits(other[column], table[column]), column).toBe(false);
  });

  it('are the first of the endless stream', () => {
    const stream = ratingStream(defaultWorld);
    for (let event = 0; event < 1_000; event += 1) {
      const { user, item, rating, ratedAtMs, expected } = stream.next().value;
      expect([user, item, rating, ratedAtMs, Math.fround(expected)]).toEqual([
        table.userIndex[event],
        table.itemIndex[event],
        table.ratings[event],
        table.ratedAtMs[event],
        table.expected[event],
      ]);
    }
  });

  it('have no error that the truth could still explain', () => {
    // Residuals of the conditional mean: zero on average, overall and wherever the expectation lies.
    for (let lo = 0.5; lo < 5; lo += 0.5) {
      const here = errors.filter((_, event) => table.expected[event]! >= lo && table.expected[event]! < lo + 0.5);
      if (here.length < 200) continue;
      expect(Math.abs(sum(here) / here.length)).toBeLessThan((4 * rmse) / Math.sqrt(here.length));
    }
  });

  it('have exactly the error that their noise implies, within sampling error', () => {
    const world = { ...defaultWorld, seed: 3 };
    const stream = ratingStream(world);
    const excess = Array.from({ length: 20_000 }, () => {
      const { rating, expected } = stream.next().value;
      return (rating - expected) ** 2 - varianceGiven(expected, world.noise);
    });
    const mean = sum(excess) / excess.length;
    const deviation = Math.sqrt(sum(excess.map((value) => (value - mean) ** 2)) / excess.length);
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(excess.length));
    expect(Math.abs(mean)).toBeLessThan(0.02 * world.noise ** 2);
  });

  it('can be predicted much better with factors than with biases alone', () => {
    const biasRmse = bestBiasRmse(table);
    expect(rmse).toBeLessThan(0.62);
    expect(biasRmse).toBeGreaterThan(rmse * 1.3);
  });

  it('bring new users and items to the end', () => {
    expect([table.users.length, table.items.length]).toEqual([2_000, 1_000]);
    // Each is numbered as it arrives, so the next new one has the next number.
    const firstTimes = (column: Uint32Array) => {
      let known = 0;
      return [...column].flatMap((index, event) => (index === known ? ((known += 1), [event]) : []));
    };
    for (const column of [table.userIndex, table.itemIndex]) {
      const first = firstTimes(column);
      expect(first.filter((event) => event >= 90_000).length).toBeGreaterThan(40);
      expect(first.filter((event) => event < 10_000).length).toBeGreaterThan(200);
    }
  });

  it('are a table: times ascend, ratings are half stars, few pairs come twice, few items have most ratings', () => {
    expect(table.ratedAtMs.every((timeMs, event) => event === 0 || timeMs >= table.ratedAtMs[event - 1]!)).toBe(true);
    expect([...new Set(table.ratings)].sort((a, b) => a - b)).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]);
    expect(
      new Set([...table.userIndex].map((user, event) => user * 1_000 + table.itemIndex[event]!)).size,
    ).toBeGreaterThan(99_000);
    const counts = new Map<number, number>();
    for (const item of table.itemIndex) counts.set(item, (counts.get(item) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(sum(sorted.slice(0, 200))).toBeGreaterThan(45_000);
  });

  it('take every number of their world into account', () => {
    const small = { ...defaultWorld, events: 2_000, users: 100, items: 80 };
    const base = syntheticRatings(small);
    const changes = { seed: 9, events: 2_001, users: 90, items: 70, factors: 5, noise: 0.5, drift: 0.9 };
    for (const [name, value] of Object.entries(changes)) {
      expect(syntheticRatings({ ...small, [name]: value }).expected, name).not.toEqual(base.expected);
    }
    expect(syntheticRatings({ ...small, events: 1 }).users).toEqual(['user-1']);
  });
});

/** Variance of a rating whose expectation is known: the opinion's mean by bisection, then E[r²] - E[r]² over the ten levels. */
function varianceGiven(expected: number, noise: number): number {
  let [low, high] = [-20, 20];
  for (let halving = 0; halving < 45; halving += 1) {
    const middle = (low + high) / 2;
    if (expectedHalfStars(middle, noise) < expected) low = middle;
    else high = middle;
  }
  const above = (threshold: number) => normalCdf((low - threshold) / noise);
  let square = 0;
  for (let rating = 0.5; rating <= 5; rating += 0.5) {
    const probability = (rating === 0.5 ? 1 : above(rating - 0.25)) - (rating === 5 ? 0 : above(rating + 0.25));
    square += rating * rating * probability;
  }
  return square - expected * expected;
}

const sameBits = (a: NodeJS.TypedArray, b: NodeJS.TypedArray): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

/** Biases fitted to all ratings at once, by turns: no online bias learner can do better by much. */
function bestBiasRmse({ ratings, userIndex, itemIndex, users, items }: ReturnType<typeof syntheticRatings>): number {
  const mean = sum([...ratings]) / ratings.length;
  const user = new Float64Array(users.length);
  const item = new Float64Array(items.length);
  const fit = (own: Float64Array, ownIndex: Uint32Array, other: Float64Array, otherIndex: Uint32Array) => {
    const total = new Float64Array(own.length);
    const count = new Float64Array(own.length);
    for (const [event, rating] of ratings.entries()) {
      total[ownIndex[event]!]! += rating - mean - other[otherIndex[event]!]!;
      count[ownIndex[event]!]! += 1;
    }
    for (let index = 0; index < own.length; index += 1) own[index] = total[index]! / (count[index]! + 1);
  };
  for (let round = 0; round < 10; round += 1) {
    fit(user, userIndex, item, itemIndex);
    fit(item, itemIndex, user, userIndex);
  }
  const squares = [...ratings].map(
    (rating, event) => (rating - mean - user[userIndex[event]!]! - item[itemIndex[event]!]!) ** 2,
  );
  return Math.sqrt(sum(squares) / ratings.length);
}
