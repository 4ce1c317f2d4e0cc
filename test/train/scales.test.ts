/** The law of scales: ratings under a linear map teach the same, and errors are those of the map. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { networkKinds, type NetworkKind } from '../../src/model/networks/kinds.ts';
import { fromInner, unitsPerInner, type Scale } from '../../src/model/scale.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import type { RatingsTable } from '../../src/ports/ratings-table.ts';
import { prequential } from '../../src/stream/prequential.ts';
import { biasAnswers } from '../../src/train/holdout.ts';
import { networkAnswers, trainedNetwork } from '../../src/train/trained-network.ts';
import { errorsOf } from '../../src/train/figures.ts';
import { splitRandomly } from '../../src/train/split.ts';
import { tfStep } from '../../src/train/tf-step.ts';
import { trainersOf } from '../../src/train/trainers.ts';
import { windowOf } from '../../src/train/window.ts';
import { quickHyper } from '../support/models/real-trainings.ts';
import { syntheticWindow } from './synthetic-window.ts';

const trainers = trainersOf((definition, d) => tfStep(tf, 'tfjs-wasm', definition, d));
const window = syntheticWindow(1000);

beforeAll(async () => {
  await tf.setBackend('wasm');
});

/** Stars, to the half: what scales of few levels have in common. */
function tableOn(scale: Scale): RatingsTable {
  return {
    users: window.userIds,
    items: window.itemIds,
    userIndex: Uint32Array.from(window.users),
    itemIndex: Uint32Array.from(window.items),
    ratings: Float64Array.from(window.ratings, (rating) => fromInner(scale, Math.round(2 * rating) / 2)),
    ratedAtMs: Float64Array.from(window.seconds, (seconds) => 1000 * seconds),
    scale: { ...scale, detected: false },
  };
}

async function errorOf(kind: NetworkKind, scale: Scale): Promise<{ rmse: number; bias: number }> {
  const { rest, heldOut } = splitRandomly(windowOf(tableOn(scale)), 0.1, 1);
  const options = { seed: 1, budgetSeconds: 60, clock: systemClock, hyper: quickHyper[kind] };
  const trained = await trainers[kind]!(rest, heldOut, options);
  const network = trainedNetwork(trained, rest, createKernel());
  const { rmse } = errorsOf(networkAnswers(network, heldOut), heldOut, scale);
  network.release();
  return { rmse, bias: errorsOf(biasAnswers(rest)(heldOut), heldOut, scale).rmse };
}

const stars: Scale = { lo: 1, hi: 5 };
const scales: readonly Scale[] = [
  { lo: 0.5, hi: 5 },
  { lo: 1, hi: 10 },
  { lo: -10, hi: 10 },
];

describe.each(networkKinds)('%s', (kind) => {
  it('learns the same on every scale, and errs by as many of its units', async () => {
    const ofStars = await errorOf(kind, stars);
    for (const scale of scales) {
      const units = unitsPerInner(scale);
      const { rmse, bias } = await errorOf(kind, scale);
      expect(rmse / units).toBeCloseTo(ofStars.rmse, 5);
      expect(bias / units).toBeCloseTo(ofStars.bias, 5);
    }
  });
});

it('the online learner learns the same on every scale', async () => {
  const run = async (scale: Scale): Promise<number> =>
    (await prequential(tableOn(scale), defaultSettings, createKernel(), systemClock)).experts['blend']!.rmse;
  const ofStars = await run(stars);
  for (const scale of scales) expect((await run(scale)) / unitsPerInner(scale)).toBeCloseTo(ofStars, 5);
});
