import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { ReplayedLearner } from '../../src/stream/replayed.ts';
import { agreementOf, type AskedSystem } from '../../src/train/agreement.ts';
import { fromScratch, type ScratchSystem } from '../../src/train/from-scratch.ts';
import { splitByTime } from '../../src/train/split.ts';
import { tfStep } from '../../src/train/tf-step.ts';
import { topAgreement } from '../../src/train/top-lists.ts';
import { trainersOf } from '../../src/train/trainers.ts';
import type { RatingsWindow } from '../../src/train/window.ts';
import { syntheticWindow } from './synthetic-window.ts';

const window = syntheticWindow(8000);
const { rest: seen, heldOut: next } = splitByTime({ ...window, userIds: [...window.userIds, 'stranger'] }, 0.05);
const stranger = window.userIds.length;
const how = { seen, next, scale: { lo: 0, hi: 8 }, seed: 1 };
const trainers = trainersOf((definition, d) => tfStep(tf, 'tfjs-wasm', definition, d));
const settings = { ...defaultSettings, k: 8 };

let system: ScratchSystem;
let still: AskedSystem;

beforeAll(async () => {
  await tf.setBackend('wasm');
  system = await scratch(seen);
  still = only(system, system.experts);
});

const scratch = (window: RatingsWindow) =>
  fromScratch(
    window,
    { factors: settings.k, historyLimit: 32, kinds: ['autoencoder'] },
    {
      trainOf: (kind) => (train, validation, options) =>
        trainers[kind]!(train, validation, {
          ...options,
          hyper: { ...quick[kind as keyof typeof quick], ...(options.hyper as object) },
        }),
      kernel: createKernel(),
      options: { seed: 1, budgetSeconds: 60, clock: systemClock },
    },
  );
const quick = {
  embedding: { batch: 256, rate: 1e-2, rowPenalty: 0.2, epochs: 12 },
  autoencoder: { hidden: 16, batch: 16, rate: 5e-3, penalty: 0.1, epochs: 15 },
};

/** Learns one by one; `rating`: what it is told of each. */
function learned(rating: (n: number) => number): AskedSystem {
  const learner = new ReplayedLearner(settings, createKernel());
  const { users, items, seconds, userIds, itemIds } = seen;
  users.forEach((user, n) =>
    learner.take({
      ...{ userId: userIds[user]!, itemId: itemIds[items[n]!]! },
      ...{ rating: rating(n), seconds: seconds[n]!, weight: 1 },
    }),
  );
  return learner.asked(userIds, itemIds);
}

/** Of these experts alone, as it stands: it makes nothing of what came since. */
const only = (system: AskedSystem, experts: readonly string[]): AskedSystem => ({
  experts,
  tell: () => undefined,
  answer: (...asked) => {
    const answers = system.answer(...asked);
    return Float64Array.from(experts, (name) => answers[system.experts.indexOf(name)]!);
  },
});

describe('agreement', () => {
  it('with itself is whole', () => {
    const { experts, hasDrifted, ...counts } = agreementOf(still, still, how);
    expect(counts).toEqual({ seen: 7600, next: 400, topItems: 10, topUsers: 50 });
    expect(hasDrifted).toBe(false);
    expect(Object.keys(experts)).toEqual(['mean', 'bias', 'factors', 'autoencoder', 'blend']);
    for (const { apartRmse, onlineRmse, scratchRmse, verdict } of Object.values(experts)) {
      expect({ apartRmse, verdict }).toEqual({ apartRmse: 0, verdict: 'alike' });
      expect(onlineRmse).toBe(scratchRmse);
    }
    expect(experts['mean']).toMatchObject({ rankCorrelation: null, inBothLists: null });
    expect(experts['blend']).toMatchObject({ rankCorrelation: 1, inBothLists: 10 });
  });

  it('of continuous learning and training from scratch is good while it learns what there is, and is lost when it does not', () => {
    const names = ['mean', 'bias', 'factors', 'blend'];
    const other = only(system, names);
    const sound = agreementOf(
      only(
        learned((n) => seen.ratings[n]!),
        names,
      ),
      other,
      how,
    );
    // Of the ratings of a pair of others: what it knows is of no use.
    const drifted = agreementOf(
      only(
        learned((n) => seen.ratings[(n * 3571) % seen.ratings.length]!),
        names,
      ),
      other,
      how,
    );
    expect(sound.hasDrifted).toBe(false);
    expect(sound.experts['bias']!.apartRmse).toBeLessThan(0.5);
    expect(sound.experts['blend']!.rankCorrelation).toBeGreaterThan(0.3);
    expect(drifted.hasDrifted).toBe(true);
    expect(drifted.experts['blend']).toMatchObject({ verdict: 'worse' });
    expect(drifted.experts['blend']!.apartRmse).toBeGreaterThan(2 * sound.experts['blend']!.apartRmse);
    expect(drifted.experts['blend']!.rankCorrelation).toBeLessThan(sound.experts['blend']!.rankCorrelation!);
  });

  it('is told in the scale of the ratings', () => {
    const three: AskedSystem = {
      experts: still.experts,
      tell: () => undefined,
      answer: (...asked) => still.answer(...asked).map(() => 3),
    };
    const small = agreementOf(still, three, how);
    const large = agreementOf(still, three, { ...how, scale: { lo: 0, hi: 80 } });
    expect(large.experts['blend']!.apartRmse).toBeCloseTo(10 * small.experts['blend']!.apartRmse, 9);
    expect(large.experts['blend']!.onlineRmse).toBeCloseTo(10 * small.experts['blend']!.onlineRmse, 9);
    expect(large.experts['blend']!.verdict).toBe('better');
  });

  it('tells what was trained of ratings that came since: it knows the user by them, and nothing else changes', () => {
    const answer = (system: AskedSystem, user: number): number[] => [...system.answer(user, 0, 0)];
    const known = answer(system, 1);
    const before = answer(system, stranger);
    for (let other = 1; other < 30; other++) system.tell(stranger, other, 5, 0);
    const after = answer(system, stranger);
    // Bias, factors, autoencoder, blend: who gives fives to everything is expected to do it again.
    for (let e = 1; e < after.length; e++) expect(after[e]).toBeGreaterThan(before[e]! + 0.3);
    expect(answer(system, 1)).toEqual(known);
  });
});

describe('the agreement of two lists', () => {
  const list = fc.uniqueArray(fc.nat(15), { minLength: 4, maxLength: 4 });
  const whole = fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 });

  it('is symmetric, 1 of the same list alone, and -1 of the same items turned around', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(topAgreement(a, b)).toBe(topAgreement(b, a));
        expect(topAgreement(a, a)).toBe(1);
        expect(topAgreement(a, b) === 1).toBe(a.join() === b.join());
        expect(topAgreement(a, [...a].reverse())).toBe(-1);
      }),
    );
  });

  it('of lists of the same items is the usual correlation of ranks', () => {
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        let same = 0;
        for (let x = 1; x <= 6; x++) {
          for (let y = 1; y < x; y++) {
            same += Math.sign((a.indexOf(x) - a.indexOf(y)) * (b.indexOf(x) - b.indexOf(y)));
          }
        }
        expect(topAgreement(a, b)).toBeCloseTo(same / 15, 12);
      }),
    );
  });

  it('of lists with no item in common is the lowest that such lists can have', () => {
    expect(topAgreement([1, 2, 3], [4, 5, 6])).toBeCloseTo(1 - (2 * (9 + 3)) / 15, 12);
  });
});
