/**
 * A training program for tests: the real pipeline over a data folder, with biases instead of a network, and with what
 * can go wrong in a training when `place.fault` names it. Run by the child trainer.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const from = (path) => import(new URL(`../../../dist/${path}.js`, import.meta.url).href);
const [{ serveTraining }, { runTraining }, { openFolderRatings }, { openEmbeddedReadOnly }, { createModelReader }] =
  await Promise.all([
    from('adapters/trainer/serve-training'),
    from('cli/trainer/run-training'),
    from('adapters/embedded/logged-ratings'),
    from('adapters/embedded/open-embedded'),
    from('adapters/models/model-store'),
  ]);
const [{ createCodec }, { systemClock }, { fitBiases }, { TrainingFailedError }] = await Promise.all([
  from('adapters/avro/codec'),
  from('adapters/system/clock'),
  from('train/fit-biases'),
  from('errors'),
]);
const { simpleNetwork, simpleTensors } = await import('./simple-network.mjs');

const faults = {
  nan() {
    throw new TrainingFailedError('the loss is NaN after 3 batches: lower the learning rate');
  },
  memory() {
    const hoard = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, n) => ({ n })));
  },
  crash() {
    process.abort();
  },
  async hang({ mark }) {
    writeFileSync(mark, String(process.pid));
    await delay(600_000);
  },
};

async function train(place, window, validation, { onProgress }) {
  for (let epoch = 1; epoch <= 3; epoch++) {
    const figures = { loss: 1 / epoch, validationRmse: 1, examplesPerSecond: 1000, leftSeconds: 3 - epoch };
    onProgress({ epoch, epochs: 3, epochRatio: 1, ...figures });
    await delay(place.epochMs ?? 1);
  }
  await faults[place.fault]?.(place);
  const biases = fitBiases(window);
  if (place.fault === 'infinite') biases.user.fill(Infinity, 0, 1);
  // Right about nobody: every user gets the answers of another.
  if (place.fault === 'shuffled') biases.user.reverse();
  return {
    kind: 'embedding',
    tensors: simpleTensors(biases),
    ...{ epochs: 3, trainSeconds: 0.5, examplesPerSecond: 6000, backend: 'by-hand', validationRmse: 1 },
    hyperParameters: { sweeps: 10 },
  };
}

serveTraining(async (job, place, onProgress) => {
  const view = await openEmbeddedReadOnly(place.folder);
  return runTraining(
    job,
    {
      ratings: await openFolderRatings(place.folder),
      models: createModelReader(view.models),
      codec: createCodec({ scale: place.scale, nowMs: () => Date.now() }),
      scale: place.scale,
      limits: { ratings: 1_000_000, days: Infinity },
      ...{ budgetSeconds: 60, historyLimit: 32, clock: systemClock, codeVersion: '0.0.0' },
      train: (window, validation, options) => train(place, window, validation, options),
      networkOf: simpleNetwork,
    },
    onProgress,
  );
});
