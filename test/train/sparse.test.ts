import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { TrainingFailedError } from '../../src/errors.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { createSimdKernel } from '../../src/kernel/simd.ts';
import { decodeArtifact, encodeArtifact } from '../../src/model/networks/artifact.ts';
import { networkOf } from '../../src/model/networks/serving.ts';
import { clipInner } from '../../src/model/scale.ts';
import { autoencoderOn } from '../../src/train/autoencoder.ts';
import { fitBiases } from '../../src/train/fit-biases.ts';
import { mostParity, parityOf } from '../../src/train/probe.ts';
import { rbmOn } from '../../src/train/rbm.ts';
import type { Train, Trained, TrainOptions, TrainProgress } from '../../src/train/trained.ts';
import type { RatingsWindow } from '../../src/train/window.ts';
import { manifestOf } from '../model/networks/artifacts.ts';
import { plantedChoices } from './planted-choices.ts';
import { planted } from './planted.ts';

const options: TrainOptions = { seed: 3, budgetSeconds: 60, clock: systemClock };
const kernels = [
  ['plain', createPlainKernel],
  ['simd', createSimdKernel],
] as const;

function biasRmse(train: RatingsWindow, { users, items, ratings }: RatingsWindow): number {
  const { mean, user, item } = fitBiases(train);
  const squares = ratings.map((rating, n) => (clipInner(mean + user[users[n]!]! + item[items[n]!]!) - rating) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / ratings.length);
}

const stored = (trained: Trained, { userIds, itemIds }: RatingsWindow) =>
  decodeArtifact(encodeArtifact({ manifest: manifestOf(trained.kind), tensors: trained.tensors, userIds, itemIds }));

describe.each([
  ['autoencoder', autoencoderOn, { hidden: 12, penalty: 0.1, rate: 5e-3, batch: 16, epochs: 60 }],
  ['rbm', rbmOn, { hidden: 24, batch: 16, rate: 0.05, epochs: 60 }],
] as const)('%s', (kind, trainOn, hyper) => {
  const { train, validation, noise } = planted(120, 90, 5);
  const trainer = (createKernel: () => ReturnType<typeof createPlainKernel>): Train => trainOn(createKernel);
  const fit = (createKernel = createSimdKernel, more: Partial<TrainOptions> = {}, parts = { train, validation }) =>
    trainer(createKernel)(parts.train, parts.validation, { ...options, hyper, ...more });

  it.each(kernels)('finds a planted structure on the %s kernel', async (name, createKernel) => {
    const trained = await fit(createKernel);
    expect(trained.backend).toBe(`sparse-${name}`);
    const biases = biasRmse(train, validation);
    // Of what biases leave above the noise, most is found.
    expect(trained.validationRmse).toBeLessThan(noise + 0.6 * (biases - noise));
    expect(trained.epochs).toBeGreaterThan(5);
    expect(trained.examplesPerSecond).toBeGreaterThan(1000);
  });

  it('who rates an item says something, however they rate it', async () => {
    const parts = plantedChoices(7);
    expect(biasRmse(parts.train, parts.validation)).toBeGreaterThan(1.9);
    const trained = await fit(createSimdKernel, {}, parts);
    expect(trained.validationRmse).toBeLessThan(1);
  });

  it.each(kernels)('what serves answers as what was trained, on the %s kernel', async (_, createKernel) => {
    const trained = await fit(createKernel, { hyper: { ...hyper, epochs: 8 } });
    const network = networkOf(stored(trained, train), createKernel());
    expect(trained.probe?.answers).toHaveLength(1000);
    expect(parityOf(network, trained.probe!, train)).toBeLessThan(mostParity);
    // Answers that are not those of this training are seen.
    const other = { ...trained.probe!, answers: trained.probe!.answers.map((answer) => answer + 2e-4) };
    expect(parityOf(network, other, train)).toBeGreaterThan(mostParity);
    const squares = validation.ratings.reduce((sum, rating, n) => {
      const [user, item] = [train.userIds[validation.users[n]!]!, train.itemIds[validation.items[n]!]!];
      const none = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };
      const answer = network.predict(network.userOf(user), network.itemOf(item), none);
      return sum + (clipInner(answer) - rating) ** 2;
    }, 0);
    expect(Math.sqrt(squares / validation.ratings.length)).toBeCloseTo(trained.validationRmse, 4);
  });

  const short = { ...hyper, epochs: 3 };
  const bits = ({ tensors }: Trained): unknown => [...tensors].map(([name, { data }]) => [name, [...data]]);

  it('the seed fixes every bit; another seed gives another network', async () => {
    const first = await fit(createSimdKernel, { hyper: short });
    expect(bits(await fit(createSimdKernel, { hyper: short }))).toEqual(bits(first));
    expect(bits(await fit(createSimdKernel, { hyper: short, seed: 4 }))).not.toEqual(bits(first));
  });

  it('leaves the windows as they are', async () => {
    const before = structuredClone({ train, validation });
    await fit(createSimdKernel, { hyper: short });
    expect({ train, validation }).toEqual(before);
  });

  it('learns ratings of a continuous scale', async () => {
    const parts = planted(120, 90, 6, 'continuous');
    const trained = await fit(createSimdKernel, {}, parts);
    const biases = biasRmse(parts.train, parts.validation);
    expect(trained.validationRmse).toBeLessThan(parts.noise + 0.7 * (biases - parts.noise));
  });

  it('users and items without ratings in the training part have an answer', async () => {
    const more = { ...train, userIds: [...train.userIds, 'new'], itemIds: [...train.itemIds, 'new'] };
    const trained = await fit(createSimdKernel, { hyper: short }, { train: more, validation });
    const network = networkOf(stored(trained, more), createSimdKernel());
    const none = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };
    const { mean } = fitBiases(train);
    expect(Math.abs(network.predict(network.userOf('new'), network.itemOf('new'), none) - mean)).toBeLessThan(0.5);
  });

  it('an abort ends it with its reason, the budget with the best so far', async () => {
    const abort = new AbortController();
    const aborted = fit(createSimdKernel, {
      signal: abort.signal,
      hyper: { ...hyper, epochs: 1e6, patience: 1e6 },
      onProgress: () => abort.abort(new Error('no longer wanted')),
    });
    await expect(aborted).rejects.toThrow('no longer wanted');
    const spent = await fit(createSimdKernel, { budgetSeconds: 0.1, hyper: { ...hyper, epochs: 1e6, patience: 1e6 } });
    expect(spent.validationRmse).toBeLessThan(2);
  });

  it('tells how far it is', async () => {
    const told: TrainProgress[] = [];
    let ms = 0;
    // Every look at this clock takes a second: no batch passes without a word.
    const clock = { ...systemClock, monotonicMs: () => (ms += 1000) };
    await fit(createSimdKernel, {
      clock,
      budgetSeconds: 1e6,
      hyper: short,
      onProgress: (progress) => told.push(progress),
    });
    const done = told.map(({ epoch, epochRatio }) => epoch - 1 + epochRatio);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(3);
    expect(told.at(-1)!.validationRmse).toBeLessThan(2);
    expect(told.every(({ loss, leftSeconds }) => Number.isFinite(loss) && leftSeconds >= 0)).toBe(true);
  });

  it('a loss that is no number is refused', async () => {
    const diverging = fit(createSimdKernel, { hyper: { ...hyper, rate: 1e30 } });
    await expect(diverging).rejects.toThrow(TrainingFailedError);
    await expect(diverging).rejects.toThrow(new RegExp(`training ${kind} gave a loss of NaN`));
  });
});
