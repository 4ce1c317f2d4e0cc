/**
 * Real trainings in the process of the test: the networks of src/train over the log of a real store, judged by the real gate,
 * with what a test wants to be wrong with what comes of them.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { syntheticRatings } from '../../../src/adapters/synthetic/synthetic-ratings.ts';
import { createModelStore } from '../../../src/adapters/models/model-store.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { EmbeddedStore } from '../../../src/adapters/embedded/embedded-store.ts';
import { runTraining, type TrainingTools } from '../../../src/cli/trainer/run-training.ts';
import { createKernel } from '../../../src/kernel/choose.ts';
import type { NetworkKind } from '../../../src/model/networks/kinds.ts';
import { networkOf } from '../../../src/model/networks/serving.ts';
import type { Tensor } from '../../../src/model/networks/tensor.ts';
import type { OutputRecord } from '../../../src/ports/transport.ts';
import { Retraining } from '../../../src/stream/retraining.ts';
import { tfStep } from '../../../src/train/tf-step.ts';
import type { Trained } from '../../../src/train/trained.ts';
import { trainersOf } from '../../../src/train/trainers.ts';
import { rate } from '../flow-inputs.ts';
import { flowCodec, flowScale, silentLog } from '../flow-worker.ts';
import { testNowMs } from '../test-clock.ts';

/** Few cells and large steps: a training takes a second. */
export const quickHyper: Readonly<Record<NetworkKind, object>> = {
  embedding: { d: 8, batch: 256, rate: 1e-2, rowPenalty: 0.3, epochs: 20 },
  deep: { d: 8, batch: 256, rate: 1e-2, rowPenalty: 0.3, epochs: 3 },
  residual: { d: 8, batch: 256, rate: 3e-3, rowPenalty: 0.3, epochs: 3 },
  autoencoder: { hidden: 16, batch: 16, rate: 5e-3, penalty: 0.1, epochs: 15 },
  rbm: { hidden: 16, batch: 16, epochs: 10 },
};

/** A stream with tastes in it, as records of the ratings topic, a second apart. */
export function tasteStream(events: number): OutputRecord[] {
  const table = syntheticRatings({ seed: 4, events, users: 250, items: 200, drift: 0 });
  return Array.from({ length: events }, (_, n) =>
    rate(table.users[table.userIndex[n]!]!, table.items[table.itemIndex[n]!]!, table.ratings[n]!, {
      ratedAtMs: testNowMs - (events - n + 1) * 1000,
    }),
  );
}

export interface RealTrainings {
  /** What comes of a training before it is judged; as it is when not given. */
  readonly spoil?: (trained: Trained) => Trained;
  readonly tools?: Partial<TrainingTools>;
}

export function realTrainings(store: EmbeddedStore, { spoil = (trained) => trained, tools = {} }: RealTrainings = {}) {
  const trainers = trainersOf((definition, d) => tfStep(tf, 'tfjs-wasm', definition, d));
  const models = createModelStore(store.models);
  const kernel = createKernel();
  let seed = 1;
  const retraining = new Retraining({
    kinds: [],
    store: models,
    trainer: {
      async train(job, onProgress) {
        await tf.setBackend('wasm');
        const all: TrainingTools = {
          ratings: logOf(store),
          ...{ models, codec: flowCodec, scale: flowScale, clock: systemClock, codeVersion: '0.0.0' },
          ...{ limits: { ratings: 1_000_000, days: Infinity }, budgetSeconds: 60, historyLimit: 32 },
          train: async (train, validation, options) =>
            spoil(await trainers[job.kind]!(train, validation, { ...options, hyper: quickHyper[job.kind] })),
          networkOf: (artifact) => networkOf(artifact, kernel),
          ...tools,
        };
        return runTraining(job, all, onProgress);
      },
      stop: async () => undefined,
    },
    triggers: { everyRatings: 0, everyMs: 0 },
    ratingsLogged: async () => store.end('ratings', 0),
    clock: systemClock,
    log: silentLog,
    telemetry: { modelEvent: () => undefined, training: () => undefined, swapped: () => undefined },
    trainerName: 'here',
    drawSeed: () => seed++,
  });
  return {
    models,
    train: async (kind: NetworkKind) => (await retraining.train(kind, 'asked for'))!,
    stop: () => retraining.stop(),
  };
}

const logOf = (store: EmbeddedStore): TrainingTools['ratings'] => ({
  partitionCount: store.partitionCount,
  bounds: async (partition) => ({ start: 0, end: store.end('ratings', partition) }),
  read: async (partition, from, to, onPage) => {
    await onPage(store.read('ratings', partition, from, to - from));
  },
  close: async () => undefined,
});

/** The network with other numbers in these tensors. */
export const withTensors =
  (change: (data: Float32Array, tensor: Tensor) => Float32Array, ...names: readonly string[]) =>
  (trained: Trained): Trained => ({
    ...trained,
    tensors: new Map(
      [...trained.tensors].map(([name, tensor]) => [
        name,
        names.includes(name) ? { ...tensor, data: change(tensor.data, tensor) } : tensor,
      ]),
    ),
  });
