/**
 * Trains one network for some epochs and tells what each cost: `node ours.mjs FILE KIND EPOCHS`; run by ../keras.mjs. The file is
 * JSON with the columns of a training and of a validation part. Prints JSON: the backend, and the processor and wall seconds of an
 * epoch. An epoch ends with the error on the validation part, as it does when a network is trained.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../dist/adapters/system/clock.js';
import { linkedNative, loadNative } from '../../dist/adapters/tensorflow/load-native.js';
import { loadWasm } from '../../dist/adapters/tensorflow/load-wasm.js';
import { trainAutoencoder } from '../../dist/train/autoencoder.js';
import { deep } from '../../dist/train/deep.js';
import { trainBy } from '../../dist/train/fit.js';
import { trainRbm } from '../../dist/train/rbm.js';
import { residual } from '../../dist/train/residual.js';
import { tfStep } from '../../dist/train/tf-step.js';
import { deepHyper, residualHyper } from '../../dist/train/trainers.js';

const [file, kind, epochs] = process.argv.slice(2);
const { users, items, train, validation } = JSON.parse(readFileSync(file, 'utf8'));
const ids = (count) => Array.from({ length: count }, (_, n) => String(n));
const named = { userIds: ids(users), itemIds: ids(items) };
const windowOf = (part) => ({
  ...named,
  users: Int32Array.from(part.users),
  items: Int32Array.from(part.items),
  ratings: Float32Array.from(part.ratings),
  seconds: new Uint32Array(part.users.length),
});

async function trainerOf() {
  if (kind === 'autoencoder') return trainAutoencoder;
  if (kind === 'rbm') return trainRbm;
  const [definition, hyper] = kind === 'deep' ? [deep, deepHyper] : [residual, residualHyper];
  const tf = linkedNative() === null ? await loadWasm() : loadNative();
  const backend = linkedNative() === null ? 'tfjs-wasm' : 'tfjs-node';
  return trainBy(definition, hyper, (of, d) => tfStep(tf, backend, of, d));
}

const trainKind = await trainerOf();
const [training, judging] = [windowOf(train), windowOf(validation)];

/** What a training of so many epochs costs. */
async function costOf(count) {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const { backend } = await trainKind(training, judging, {
    ...{ seed: 1, budgetSeconds: 3600, clock: systemClock },
    hyper: { epochs: count, patience: 1000 },
  });
  const { user, system } = process.cpuUsage(cpu);
  return { backend, cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - startMs) / 1000 };
}

// Code is compiled in the first one; what is no epoch's is in both of the others.
await costOf(1);
const one = await costOf(1);
const more = await costOf(1 + Number(epochs));
const each = (figure) => (more[figure] - one[figure]) / Number(epochs);
process.stdout.write(
  JSON.stringify({ backend: more.backend, cpuSeconds: each('cpuSeconds'), seconds: each('seconds') }),
);
process.exit();
