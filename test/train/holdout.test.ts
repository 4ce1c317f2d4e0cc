import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import type { NetworkKind } from '../../src/model/networks/kinds.ts';
import { holdout } from '../../src/train/holdout.ts';
import { splitRandomly } from '../../src/train/split.ts';
import { tfStep } from '../../src/train/tf-step.ts';
import type { Train } from '../../src/train/trained.ts';
import { trainersOf } from '../../src/train/trainers.ts';
import { syntheticWindow } from './synthetic-window.ts';

const trainers = trainersOf((definition, d) => tfStep(tf, 'tfjs-wasm', definition, d));
const { rest: train, heldOut: test } = splitRandomly(syntheticWindow(6000), 0.1, 1);
const hyper = { d: 8, batch: 256, rate: 5e-3, decay: 0.9, rowPenalty: 0.15, epochs: 12 };
const trainOf =
  (kind: NetworkKind): Train =>
  (train, validation, options) =>
    trainers[kind]!(train, validation, { ...options, hyper });

const run = (kinds: readonly NetworkKind[], of = trainOf) =>
  holdout(
    { train, test, scale: { lo: 0, hi: 10 }, kinds, seed: 1, budgetSeconds: 60 },
    {
      ...{ trainOf: of, kernel: createKernel('auto'), clock: systemClock, signal: new AbortController().signal },
      ...{ onProgress: () => undefined, onTrained: () => undefined },
    },
  );

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('the holdout protocol', () => {
  it('judges each network, the blend and the baselines by the test part', async () => {
    const { models, blend, baselines, ...counts } = await run(['embedding', 'residual']);
    expect(counts).toEqual({ protocol: 'holdout', train: 5400, test: 600 });
    expect(Object.keys(models)).toEqual(['embedding', 'residual']);
    for (const model of Object.values(models)) {
      expect(model.rmse).toBeLessThan(0.8 * baselines.bias.rmse);
      expect(model.ndcgAt10).toBeGreaterThan(0.9);
      expect(model).toMatchObject({ backend: 'tfjs-wasm', microsecondsPerPrediction: expect.any(Number) as number });
    }
    expect(models.embedding!.parameters).toBe(1 + (120 + 90) * 9);
    expect(baselines.bias.rmse).toBeLessThan(baselines.mean.rmse);
    expect(blend.rmse).toBeLessThan(1.005 * Math.min(...Object.values(models).map(({ rmse }) => rmse)));
  });

  it('shows no training a rating of the test part', async () => {
    const tested = new Set(test.users.map((user, n) => user * 1000 + test.items[n]!));
    await run(['embedding'], (kind) => async (rest, validation, options) => {
      for (const part of [rest, validation]) {
        for (const [n, user] of part.users.entries()) expect(tested.has(user * 1000 + part.items[n]!)).toBe(false);
      }
      // First it is asked for how long to train, then everything is learned.
      expect([train.ratings.length, train.ratings.length - validation.ratings.length]).toContain(rest.ratings.length);
      return trainOf(kind)(rest, validation, options);
    });
  });
});
