import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { TrainingFailedError } from '../../src/errors.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { fitBiases } from '../../src/train/fit-biases.ts';
import { trainedNetwork } from '../../src/train/trained-network.ts';
import { parityOf } from '../../src/train/probe.ts';
import { splitRandomly } from '../../src/train/split.ts';
import { tfStep } from '../../src/train/tf-step.ts';
import type { Trained, TrainOptions, TrainProgress } from '../../src/train/trained.ts';
import { trainersOf } from '../../src/train/trainers.ts';
import type { RatingsWindow } from '../../src/train/window.ts';
import { noise, syntheticWindow } from './synthetic-window.ts';

const trainers = trainersOf((definition, d) => tfStep(tf, 'tfjs-wasm', definition, d));
const kinds = ['embedding', 'deep', 'residual'] as const;
type Kind = (typeof kinds)[number];
const window = syntheticWindow(5000);
const { rest, heldOut } = splitRandomly(window, 0.1, 1);
const small = { d: 8, batch: 128 };

beforeAll(async () => {
  await tf.setBackend('wasm');
});

function train(kind: Kind, options: Partial<TrainOptions> = {}, [train, validation] = [rest, heldOut]) {
  const { hyper, ...others } = options;
  const all = { seed: 1, budgetSeconds: 60, clock: systemClock, ...others };
  return trainers[kind]!(train, validation, { ...all, hyper: { ...small, ...(hyper as object) } });
}

const bits = ({ tensors }: Trained): unknown => [...tensors].map(([name, { data }]) => [name, [...data]]);

function biasRmse(): number {
  const { mean, user, item } = fitBiases(rest);
  const squares = heldOut.ratings.map(
    (rating, n) => (mean + user[heldOut.users[n]!]! + item[heldOut.items[n]!]! - rating) ** 2,
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

describe.each(kinds)('training %s', (kind) => {
  it('finds what biases do not', async () => {
    const { validationRmse } = await train(kind, { hyper: { rate: 1e-2, decay: 0.93, rowPenalty: 0.15, epochs: 25 } });
    expect(validationRmse).toBeGreaterThan(noise);
    expect(validationRmse).toBeLessThan(0.75 * biasRmse());
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const hyper = { epochs: 2 };
    const first = await train(kind, { hyper });
    expect(bits(await train(kind, { hyper }))).toEqual(bits(first));
    expect(bits(await train(kind, { hyper, seed: 2 }))).not.toEqual(bits(first));
  });

  it('is what serves, within 1e-4', async () => {
    const trained = await train(kind, { hyper: { epochs: 2 } });
    const network = trainedNetwork(trained, rest, createKernel('auto'));
    expect(trained.probe!.answers.some((answer) => answer !== 0)).toBe(true);
    expect(parityOf(network, trained.probe!, rest)).toBeLessThan(1e-4);
    network.release();
  });

  it('refuses a loss that is no finite number', async () => {
    const poisoned: RatingsWindow = { ...rest, ratings: rest.ratings.map((rating, n) => (n === 7 ? NaN : rating)) };
    await expect(train(kind, {}, [poisoned, heldOut])).rejects.toThrow(TrainingFailedError);
  });
});

describe('training', () => {
  it('gives the best epoch, and stops when it does not get better', async () => {
    const seen: TrainProgress[] = [];
    const hyper = { rate: 0.05, decay: 1, rowPenalty: 0, patience: 2, epochs: 30 };
    const trained = await train('embedding', { hyper, onProgress: (progress) => void seen.push(progress) });
    const errors = new Map(seen.map(({ epoch, validationRmse }) => [epoch - 1, validationRmse]));
    const best = Math.min(...[...errors.values()].filter(Number.isFinite), trained.validationRmse);
    expect(trained.validationRmse).toBe(best);
    expect(trained.epochs).toBeLessThan(30);
    expect(errors.get(trained.epochs - 2)).toBe(best);
  });

  it('tells how far it is', async () => {
    const seen: TrainProgress[] = [];
    await train('embedding', { hyper: { epochs: 3 }, onProgress: (progress) => void seen.push(progress) });
    const last = seen.at(-1)!;
    expect(last).toMatchObject({ epoch: 3, epochs: 3, epochRatio: 1, leftSeconds: expect.closeTo(0, 1) as number });
    expect(last.examplesPerSecond).toBeGreaterThan(0);
    expect(last.loss).toBeGreaterThan(0);
  });

  it('ends with its budget, with what it has', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, monotonicMs: () => (nowMs += 100) };
    const trained = await train('embedding', { budgetSeconds: 2, clock, hyper: { epochs: 1000, patience: 1000 } });
    expect(trained.epochs).toBe(1);
    expect(trained.validationRmse).toBeLessThan(2);
  });

  it('ends within a batch or two of an abort', async () => {
    const controller = new AbortController();
    let reports = 0;
    const onProgress = (): void => {
      reports++;
      controller.abort(new Error('enough'));
    };
    await expect(train('deep', { signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(reports).toBe(1);
  });

  it('leaves its windows as they are, and no tensor behind', async () => {
    const before = structuredClone(rest);
    await train('deep', { hyper: { epochs: 1 } });
    expect(rest).toEqual(before);
    expect(tf.memory().numTensors).toBe(0);
  });

  it('gives users and items that it has not seen the mean of the others, and no bias', async () => {
    const userIds = [...rest.userIds, 'stranger'];
    const { tensors } = await train('embedding', { hyper: { epochs: 1 } }, [
      { ...rest, userIds },
      { ...heldOut, userIds },
    ]);
    const rows = tensors.get('user.embedding')!.data;
    const stranger = rest.userIds.length;
    for (let f = 0; f < small.d; f++) {
      const others = Array.from({ length: stranger }, (_, user) => rows[user * small.d + f]!);
      expect(rows[stranger * small.d + f]).toBeCloseTo(others.reduce((a, b) => a + b) / stranger, 5);
    }
    expect(tensors.get('user.bias')!.data[stranger]).toBe(0);
  });
});
