import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { decodeArtifact, encodeArtifact } from '../../src/model/networks/artifact.ts';
import type { NetworkHistory } from '../../src/model/networks/network.ts';
import { networkOf } from '../../src/model/networks/serving.ts';
import { trainAutoencoder } from '../../src/train/autoencoder.ts';
import { foldInTensors } from '../../src/train/fold-in.ts';
import { judgedBy } from '../../src/train/judged-by.ts';
import { partOf, type RatingsWindow } from '../../src/train/window.ts';
import { withFoldIn } from '../../src/train/with-fold-in.ts';
import { manifestOf } from '../model/networks/artifacts.ts';
import { planted } from './planted.ts';

const world = planted(160, 90, 21);
const known = 120;
const of = (window: RatingsWindow, test: (user: number) => boolean): RatingsWindow =>
  partOf(
    window,
    [...window.users.keys()].filter((n) => test(window.users[n]!)),
  );
const train = of(world.train, (user) => user < known);
const validation = of(world.validation, (user) => user < known);
const hyper = { hidden: 12, penalty: 0.05, rate: 5e-3, batch: 16, epochs: 80 };
const options = { seed: 3, budgetSeconds: 60, clock: systemClock, hyper };
const none: NetworkHistory = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };

function historyOf(user: number, most: number): NetworkHistory {
  const places = [...world.train.users.keys()].filter((n) => world.train.users[n] === user).slice(0, most);
  return {
    count: places.length,
    items: Int32Array.from(places, (n) => world.train.items[n]!),
    ratings: Float64Array.from(places, (n) => world.train.ratings[n]!),
  };
}

describe('a network asked for users whom it was not trained on', async () => {
  const trained = await withFoldIn(trainAutoencoder)(train, validation, options);
  const ids = { userIds: train.userIds.slice(0, known), itemIds: train.itemIds };
  const cut = new Map(trained.tensors);
  for (const name of ['user.bias', 'user.kernel', 'fold.counts']) {
    const { shape, data } = trained.tensors.get(name)!;
    cut.set(name, { shape: [known, ...shape.slice(1)], data: data.slice(0, (data.length / shape[0]!) * known) });
  }
  const stored = decodeArtifact(encodeArtifact({ manifest: manifestOf('autoencoder'), tensors: cut, ...ids }));
  const network = networkOf(stored, createKernel());
  const withoutFold = new Map([...cut].filter(([name]) => !name.startsWith('fold.')));
  const biasesOnly = networkOf({ ...stored, tensors: withoutFold }, createKernel());

  const rmse = (asked: typeof network, most: number): number => {
    let [squares, count] = [0, 0];
    for (let user = known; user < 160; user++) {
      const history = historyOf(user, most);
      for (const n of world.validation.users.keys()) {
        if (world.validation.users[n] !== user) continue;
        squares += (asked.predict(-1, world.validation.items[n]!, history) - world.validation.ratings[n]!) ** 2;
        count++;
      }
    }
    return Math.sqrt(squares / count);
  };

  it('finds their tastes in what they have rated, the more the better', () => {
    const [few, many] = [rmse(network, 5), rmse(network, 40)];
    expect(many).toBeLessThan(few);
    expect(many).toBeLessThan(0.8 * rmse(biasesOnly, 40));
    expect(few).toBeLessThan(rmse(network, 0));
  });

  it('asks for the ratings only of those whom it knows less of than is remembered', () => {
    const ratings = train.users.reduce((count, user) => count + (user === 5 ? 1 : 0), 0);
    const user = network.userOf('u5');
    expect(network.readsHistory!(user, ratings)).toBe(false);
    expect(network.readsHistory!(user, ratings + 1)).toBe(true);
    expect(network.readsHistory!(-1, 0)).toBe(true);
    expect(network.predict(user, 3, none)).toBe(biasesOnly.predict(user, 3, none));
    expect(network.predict(user, 3, historyOf(5, ratings))).toBe(biasesOnly.predict(user, 3, none));
  });

  it('makes use of the same ratings again when their stamp is the same, and only then', () => {
    const fresh = networkOf(stored, createKernel());
    const [one, other] = [historyOf(130, 20), historyOf(131, 20)];
    const exact = fresh.predict(-1, 7, other);
    const first = fresh.predict(-1, 7, { ...one, stamp: 1 });
    expect(first).not.toBe(exact);
    expect(fresh.predict(-1, 7, { ...other, stamp: 1 })).toBe(first);
    expect(fresh.predict(-1, 7, { ...other, stamp: 2 })).toBe(exact);
    expect(fresh.predict(-1, 7, one)).toBe(first);
  });

  it('answers for items that it does not know, too', () => {
    const { mean } = { mean: stored.tensors.get('mean')!.data[0]! };
    expect(network.predict(-1, -1, none)).toBe(mean);
    const history = { count: 2, items: Int32Array.of(-1, 4), ratings: Float64Array.of(5, 5) };
    expect(Number.isFinite(network.predict(-1, 4, history))).toBe(true);
  });

  it('adds nothing where there are too few users to learn it from', () => {
    expect(
      foldInTensors(
        network,
        of(train, (user) => user < 20),
        1,
        1,
      ).size,
    ).toBe(0);
  });
});

describe('what epochs are judged by', () => {
  it('are the ratings of known users and items, when there are enough', () => {
    const mixed = { ...world.validation, userIds: train.userIds };
    const parts = judgedBy(train, mixed, 1);
    expect(parts.train).toBe(train);
    expect([...parts.validation.users].every((user) => user < known)).toBe(true);
    expect(parts.validation.ratings.length).toBe(validation.ratings.length);
  });

  it('are drawn from the training part when there are few', () => {
    const strangers = of(world.validation, (user) => user >= known);
    const parts = judgedBy(train, strangers, 1);
    expect(parts.train.ratings.length + parts.validation.ratings.length).toBe(train.ratings.length);
    expect(parts.validation.ratings.length / train.ratings.length).toBeCloseTo(0.05, 2);
    expect(judgedBy(train, strangers, 1)).toEqual(parts);
  });
});
