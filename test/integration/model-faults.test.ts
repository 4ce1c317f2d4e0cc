/**
 * What goes wrong with a training or an artifact beside a worker on a data folder: what served goes on serving, every
 * prediction says so, and the record says why.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi, type TestContext } from 'vitest';
import { createModelStore } from '../../src/adapters/models/model-store.ts';
import { createChildTrainer } from '../../src/adapters/trainer/child-trainer.ts';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { decodeArtifact, encodeArtifact, seal } from '../../src/model/networks/artifact.ts';
import { writeSafetensors } from '../../src/model/networks/safetensors.ts';
import { networkOf } from '../../src/model/networks/serving.ts';
import type { ModelRecord, ModelStore } from '../../src/ports/models.ts';
import type { Trainer } from '../../src/ports/trainer.ts';
import { promoted } from '../../src/stream/model-record.ts';
import { Retraining } from '../../src/stream/retraining.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { rate } from '../support/flow-inputs.ts';
import { createFlowWorker, flowCodec, flowScale, silentLog, type FlowWorker } from '../support/flow-worker.ts';
import { smallDisks } from '../support/small-disk.ts';
import { artifactOff, items, noteOf, putVersion, users } from '../support/models/versions.ts';
import { artifactOf } from '../model/networks/artifacts.ts';

const kind = 'embedding';
const program = new URL('../support/models/training-program.mjs', import.meta.url);

describe('what served goes on serving, and the record says why, when', () => {
  const newFolder = tempFolders();
  const mountSmallDisk = smallDisks();
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  let folder: string;
  let store: EmbeddedStore;
  let models: ModelStore;
  let flow: FlowWorker;

  beforeEach(() => {
    folder = newFolder();
  });

  /** A worker in whose folder the version `good` serves. */
  async function begin(): Promise<void> {
    store = await openEmbedded({ folder });
    closing.push(() => store.close());
    models = createModelStore(store.models);
    await putVersion(models, 'good', 0, (record) => promoted(record, 'good', 1, 'by hand'));
    const kernel = createKernel();
    flow = createFlowWorker(store, {
      networks: {
        store: models,
        networkOf: (artifact) => networkOf(decodeArtifact(artifact), kernel),
        telemetry: { swapped: () => undefined },
      },
    });
    await flow.start();
    closing.push(() => flow.stop());
  }

  const random = seededRandom(3);
  async function rateAtRandom(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, n) =>
      rate(`${users[n % users.length]!}x${n % 7}`, items[Math.floor(random.uniform() * items.length)]!, 1 + (n % 4)),
    );
    await store.append(0, records);
    const end = store.end('ratings', 0);
    await vi.waitUntil(() => flow.worker.tasks.get(0)?.nextOffset === end, { timeout: 20_000, interval: 1 });
    await flow.worker.checkpointAll();
  }

  function retraining(trainer: Trainer, trainerName = 'here'): Retraining {
    const trainings = new Retraining({
      ...{ kinds: [], store: models, trainer, trainerName, clock: systemClock, log: silentLog, drawSeed: () => 7 },
      triggers: { everyRatings: 0, everyMs: 0 },
      ratingsLogged: async () => store.end('ratings', 0),
      telemetry: { modelEvent: () => undefined, training: () => undefined, swapped: () => undefined },
    });
    closing.push(() => trainings.stop());
    return trainings;
  }

  const childTrainer = (place: object = {}, heapMegabytes = 500): Trainer =>
    createChildTrainer({ program, place: { folder, scale: flowScale, ...place }, heapMegabytes });

  /** Looked at as often as it takes: the worker follows the record. */
  async function servesGood(reason: RegExp, outcome: string): Promise<void> {
    const last = async (): Promise<ModelRecord['events'][number] | undefined> =>
      (await models.record(kind))?.events.at(-1);
    await vi.waitUntil(
      async () => {
        flow.clock.passPeriod();
        await flow.worker.checkpointAll();
        return (await last())?.outcome === outcome;
      },
      { timeout: 20_000, interval: 5 },
    );
    expect((await last())!.reason).toMatch(reason);
    expect(await models.record(kind)).toMatchObject({ serving: 'good', shadow: null, training: null });
    const from = store.end('predictions', 0);
    await rateAtRandom(3);
    expect(flow.failures).toEqual([]);
    const published = store.read('predictions', 0, from, 10).map(({ value }) => flowCodec.decodePrediction(value!));
    expect(published.map(({ modelVersions }) => modelVersions)).toEqual(Array(3).fill({ [kind]: 'good' }));
    expect(flow.worker.networkStats()).toMatchObject([{ role: 'serving', version: 'good' }]);
  }

  test('the trainer is killed', async () => {
    await begin();
    await rateAtRandom(1000);
    const mark = join(folder, 'pid');
    const training = retraining(childTrainer({ fault: 'hang', mark })).train(kind, 'asked for');
    await vi.waitUntil(() => existsSync(mark) && readFileSync(mark, 'utf8') !== '', { timeout: 20_000, interval: 5 });
    process.kill(Number(readFileSync(mark, 'utf8')), 'SIGKILL');
    await training;
    await servesGood(/was ended by SIGKILL before it was done/, 'failed');
  });

  test.each([
    ['it runs out of memory', 'memory', /out of memory: give it more with --train-memory-mb/],
    ['its loss is no number', 'nan', /the loss is NaN/],
    ['its numbers are not finite', 'infinite', /finite/],
  ])('%s', async (_, fault, reason) => {
    await begin();
    await rateAtRandom(1000);
    await retraining(childTrainer({ fault }, 60)).train(kind, 'asked for');
    await servesGood(reason, 'failed');
  });

  test('the window is too short to hold a part out', async () => {
    await begin();
    await rateAtRandom(40);
    await retraining(childTrainer()).train(kind, 'asked for');
    await servesGood(/\d+ ratings are too few/, 'failed');
  });

  test('the disk is full', async (context: TestContext) => {
    const sizeBytes = 24_000_000;
    if (!mountSmallDisk(folder, sizeBytes)) context.skip('a disk cannot be mounted here');
    await begin();
    await rateAtRandom(1000);
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(sizeBytes - 8_000_000, 1));
    const free = (): number => Number(execFileSync('df', ['--output=avail', '-B1', folder]).toString().split('\n')[1]);
    const large = new Uint8Array(free());
    await retraining(trainerOf(large)).train(kind, 'asked for');
    expect(await models.versions(kind)).toEqual(['good']);
    await servesGood(/its artifact cannot be stored: .*(no room|full|space)/i, 'failed');
  });

  test('two trainers are at work at once: one of them trains, the other leaves it alone', async () => {
    await begin();
    await rateAtRandom(1000);
    const trained: string[] = [];
    const slow = (name: string): Trainer => ({
      async train(job, onProgress) {
        trained.push(name);
        return childTrainer({ fault: 'nan' }).train(job, onProgress);
      },
      stop: async () => undefined,
    });
    await Promise.all(['one', 'other'].map((name) => retraining(slow(name), name).train(kind, 'asked for')));
    expect(trained).toHaveLength(1);
    await servesGood(/the loss is NaN/, 'failed');
  });

  const sound = artifactOff('bad', 0.2);
  const changed = (change: (bytes: Uint8Array, view: DataView) => void): Uint8Array<ArrayBuffer> => {
    const bytes = Uint8Array.from(sound);
    change(bytes, new DataView(bytes.buffer));
    return bytes;
  };
  const floats = { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) } as const;

  test.each([
    ['cut short', sound.slice(0, sound.length - 100), /cannot be bytes|more than there are/],
    ['changed in one byte', changed((bytes) => (bytes[bytes.length - 9]! ^= 1)), /checksum/],
    [
      'said to have an endless header',
      changed((_, view) => view.setBigUint64(0, 2n ** 62n, true)),
      /more than there are/,
    ],
    [
      'what another program stores',
      writeSafetensors({ tensors: new Map([['layers.0.weight', floats]]), metadata: { format: 'pt' } }),
      /format pt/,
    ],
    ['no safetensors at all', new TextEncoder().encode('PK\u0003\u0004 a zip of weights'), /damaged/],
    [
      'not of finite numbers',
      seal(changed((_, view) => view.setFloat32(8 + view.getUint32(0, true), NaN, true))),
      /no finite/,
    ],
    ['that of another kind', encodeArtifact(artifactOf('deep')), /is that of a deep network/],
    ['not there', null, /is not there/],
  ] as const)('an artifact is %s', async (_, artifact, reason) => {
    await begin();
    await rateAtRandom(10);
    if (artifact !== null) await models.put(kind, 'bad', artifact);
    await models.update(kind, (record) => {
      const known = record && { ...record, versions: [...record.versions, noteOf('bad')] };
      return known && promoted(known, 'bad', 2, 'by hand');
    });
    await servesGood(reason, 'rolled-back');
  });
});

/** Trains nothing, and comes to this artifact. */
const trainerOf = (artifact: Uint8Array): Trainer => ({
  train: async ({ version }) => ({
    kind: 'trained',
    note: noteOf(version, artifact.length),
    measured: {
      ...{ differences: { blocks: 100, sum: 10, squares: 2 }, againstSquared: 1, servesAlready: true },
      ...{ isFinite: true, parity: 0, sizeBytes: artifact.length },
    },
    artifact,
  }),
  stop: async () => undefined,
});
