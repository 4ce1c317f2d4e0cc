/**
 * One epoch of autoencoder and RBM beside the same epoch computed densely, in float64: all users are units of every item, and a
 * mask says which have rated. Chance is drawn in the same order; everything else is written from the equations.
 */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { createSimdKernel } from '../../src/kernel/simd.ts';
import { autoencoderOn } from '../../src/train/autoencoder.ts';
import { chance } from '../../src/train/chance.ts';
import { fitBiases } from '../../src/train/fit-biases.ts';
import { rbmOn } from '../../src/train/rbm.ts';
import { planted } from './planted.ts';

const { train, validation } = planted(30, 22, 9);
const [users, items] = [30, 22];
const seed = 12;
const options = { seed, budgetSeconds: 60, clock: systemClock };

type Matrix = number[][];
const zeros = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array(columns).fill(0) as number[]);
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const turned = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const map = (a: Matrix, f: (value: number, i: number, j: number) => number): Matrix =>
  a.map((row, i) => row.map((value, j) => f(value, i, j)));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const columnSums = (a: Matrix): number[] => turned(a).map((column) => column.reduce((sum, value) => sum + value, 0));

/** [items, users], NaN where there is no rating. */
const ratings = map(zeros(items, users), () => NaN);
train.ratings.forEach((rating, n) => (ratings[train.items[n]!]![train.users[n]!] = rating));

function expectNear(found: ArrayLike<number>, exact: readonly number[]): void {
  expect(found.length).toBe(exact.length);
  const most = exact.reduce((most, value, n) => Math.max(most, Math.abs(found[n]! - value)), 0);
  expect(most).toBeLessThan(1e-4);
}

const kernels = [
  ['plain', createPlainKernel],
  ['SIMD', createSimdKernel],
] as const;

describe('autoencoder', () => {
  const hyper = { hidden: 6, batch: 8, rate: 0.01, penalty: 0.2, deviation: 0.1, decay: 1, epochs: 1, patience: 1 };

  function dense() {
    const drawn = chance(seed);
    const weights = Array.from({ length: users }, () =>
      Array.from({ length: 18 }, () => hyper.deviation * drawn.centred()),
    );
    // Of a rating's value, then of its being there.
    const v = [...weights.map((row) => row.slice(0, 6)), ...weights.map((row) => row.slice(6, 12))];
    const w = weights.map((row) => row.slice(12));
    const a = [Array<number>(users).fill(0)];
    const c = [Array<number>(6).fill(0)];
    const { mean, user, item } = fitBiases(train);
    const x = map(ratings, (rating, i, u) => (Number.isNaN(rating) ? 0 : rating - mean - user[u]! - item[i]!));
    const mask = map(ratings, (rating) => (Number.isNaN(rating) ? 0 : 1));
    const inputs = x.map((row, i) => [...row, ...mask[i]!.map((there) => 2 * there)]);
    const moments = new Map<Matrix, [Matrix, Matrix]>();
    const adam = (p: Matrix, gradient: Matrix, penalty: number, step: number): void => {
      const [m, s] = moments.get(p) ?? [map(p, () => 0), map(p, () => 0)];
      moments.set(p, [m, s]);
      const rate = (hyper.rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
      p.forEach((row, i) =>
        row.forEach((value, j) => {
          const g = gradient[i]![j]! + penalty * value;
          m[i]![j] = 0.9 * m[i]![j]! + 0.1 * g;
          s[i]![j] = 0.999 * s[i]![j]! + 0.001 * g * g;
          row[j] = value - (rate * m[i]![j]) / (Math.sqrt(s[i]![j]) + 1e-7);
        }),
      );
    };
    const order = Int32Array.from({ length: items }, (_, i) => i);
    chance(seed, 1).shuffle(order);
    const hiddenOf = (rows: Matrix): Matrix => map(times(rows, v), (value, _, j) => logistic(value + c[0]![j]!));
    for (let from = 0, step = 1; from < items; from += hyper.batch, step++) {
      const batch = [...order.subarray(from, from + hyper.batch)];
      const input = batch.map((i) => inputs[i]!);
      const h = hiddenOf(input);
      const error = map(
        times(h, turned(w)),
        (value, n, u) => (value + a[0]![u]! - x[batch[n]!]![u]!) * mask[batch[n]!]![u]!,
      );
      const dz = map(times(error, w), (value, n, j) => value * h[n]![j]! * (1 - h[n]![j]!));
      const penalty = (hyper.penalty * Math.sqrt(train.ratings.length) * batch.length) / items;
      const [dv, dw, da, dc] = [
        times(turned(input), dz),
        times(turned(error), h),
        [columnSums(error)],
        [columnSums(dz)],
      ];
      adam(v, dv, penalty, step);
      adam(w, dw, penalty, step);
      adam(a, da, 0, step);
      adam(c, dc, 0, step);
    }
    return { kernel: w.flat(), hidden: hiddenOf(inputs).flat(), bias: a[0]!.map((value, u) => value + user[u]!) };
  }

  it.each(kernels)('learns the same on the %s kernel', async (_, createKernel) => {
    const { tensors } = await autoencoderOn(createKernel)(train, validation, { ...options, hyper });
    const exact = dense();
    expectNear(tensors.get('user.kernel')!.data, exact.kernel);
    expectNear(tensors.get('item.hidden')!.data, exact.hidden);
    expectNear(tensors.get('user.bias')!.data, exact.bias);
  });
});

describe('rbm', () => {
  // Few ratings would make a larger batch smaller.
  const hyper = { hidden: 5, batch: 6, rate: 0.3, penalty: 0.01, deviation: 0.1, decay: 1, epochs: 1, patience: 1 };
  const levels = 5;

  function dense() {
    const drawn = chance(seed);
    // [users x levels, hidden]
    const w = Array.from({ length: users * levels }, () =>
      Array.from({ length: 5 }, () => hyper.deviation * drawn.centred()),
    );
    const all = [...train.ratings];
    const share = (level: number): number => all.filter((rating) => rating === level + 1).length / all.length;
    const a = [
      Array.from({ length: users * levels }, (_, at) => {
        const own = [...train.ratings].filter((_, n) => train.users[n] === Math.floor(at / levels));
        const count = own.filter((rating) => rating === (at % levels) + 1).length;
        return Math.log((count + 5 * share(at % levels)) / (own.length + 5));
      }),
    ];
    const c = [Array<number>(5).fill(0)];
    const velocities = new Map<Matrix, Matrix>();
    const ascend = (p: Matrix, gradient: Matrix, n: number, penalty: number): void => {
      const d = velocities.get(p) ?? map(p, () => 0);
      velocities.set(p, d);
      p.forEach((row, i) =>
        row.forEach((value, j) => {
          d[i]![j] = 0.5 * d[i]![j]! + hyper.rate * (gradient[i]![j]! / n - penalty * value);
          row[j] = value + d[i]![j];
        }),
      );
    };
    const visible = map(zeros(items, users * levels), (_, i, at) =>
      ratings[i]![Math.floor(at / levels)] === (at % levels) + 1 ? 1 : 0,
    );
    const hiddenOf = (rows: Matrix): Matrix => map(times(rows, w), (value, _, f) => logistic(value + c[0]![f]!));
    const order = Int32Array.from({ length: items }, (_, i) => i);
    const sampled = chance(seed, 1);
    sampled.shuffle(order);
    for (let from = 0; from < items; from += hyper.batch) {
      const batch = [...order.subarray(from, from + hyper.batch)];
      const data = batch.map((i) => visible[i]!);
      const h = hiddenOf(data);
      const again = data.map((_, n) => {
        const sample = h[n]!.map((p) => (sampled.uniform() < p ? 1 : 0));
        const scores = times([sample], turned(w))[0]!.map((value, at) => Math.exp(value + a[0]![at]!));
        const row = Array<number>(users * levels).fill(0);
        // Raters in the order of time.
        for (const user of [...train.users].filter((_, at) => train.items[at] === batch[n])) {
          const odds = scores.slice(user * levels, (user + 1) * levels);
          const total = odds.reduce((sum, value) => sum + value, 0);
          let left = sampled.uniform() * total;
          let level = 0;
          while (level < levels - 1 && (left -= odds[level]!) > 0) level++;
          row[user * levels + level] = 1;
        }
        return row;
      });
      const after = hiddenOf(again);
      const minus = (x: Matrix, y: Matrix): Matrix => map(x, (value, i, j) => value - y[i]![j]!);
      const dw = minus(times(turned(data), h), times(turned(again), after));
      const da = [columnSums(minus(data, again))];
      const dc = [columnSums(minus(h, after))];
      ascend(w, dw, batch.length, hyper.penalty);
      ascend(a, da, batch.length, 0);
      ascend(c, dc, batch.length, 0);
    }
    return { kernel: w.flat(), levels: a[0]!, hidden: hiddenOf(visible).flat() };
  }

  it.each(kernels)('learns the same on the %s kernel', async (_, createKernel) => {
    const { tensors } = await rbmOn(createKernel)(train, validation, { ...options, hyper });
    const exact = dense();
    expectNear(tensors.get('user.kernel')!.data, exact.kernel);
    expectNear(tensors.get('user.levels')!.data, exact.levels);
    expectNear(tensors.get('item.hidden')!.data, exact.hidden);
  });
});
