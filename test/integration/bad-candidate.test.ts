/**
 * A candidate made bad from a really trained network, through the real rooms: a data folder, its log, the training, the gate and
 * the worker. It is refused; forced in, it is taken back before 5,000 ratings have passed.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { decodeArtifact } from '../../src/model/networks/artifact.ts';
import { networkOf } from '../../src/model/networks/serving.ts';
import type { ModelRecord } from '../../src/ports/models.ts';
import { createModelControl } from '../../src/stream/model-control.ts';
import type { Trained } from '../../src/train/trained.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { createFlowWorker, flowCodec, type FlowWorker } from '../support/flow-worker.ts';
import { realTrainings, tasteStream, withTensors } from '../support/models/real-trainings.ts';

const kind = 'embedding';
const learnedFirst = 5000;
const mostRatings = 5000;
const stream = tasteStream(learnedFirst + mostRatings + 1000);

/** Without what training compares a network with: it is another one now, and only its errors are to speak against it. */
function unprobed(trained: Trained): Trained {
  const { probe, ...others } = trained;
  expect(probe).toBeDefined();
  return others;
}

/** Every user gets the tastes and the level of another. */
const shuffled = withTensors(
  (data, { shape: [n = 0, d = 1] }) => {
    const { uniform } = seededRandom(7);
    const order = Array.from({ length: n }, (_, row) => row);
    for (let last = n - 1; last > 0; last--) {
      const other = Math.floor(uniform() * (last + 1));
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return Float32Array.from(data, (_, at) => data[order[Math.floor(at / d)]! * d + (at % d)]!);
  },
  'user.embedding',
  'user.bias',
);

/** The bias of each item is a little off: the error grows by two or three hundredths. */
const slightlyWorse = withTensors((data) => {
  const { normal } = seededRandom(8);
  return data.map((value) => value + 0.17 * normal());
}, 'item.bias');

describe.each([
  ['whose weights are shuffled', shuffled, 1.1, 2],
  ['that is only slightly worse', slightlyWorse, 1.005, 1.05],
])('a candidate %s', (_, spoil, leastRatio, mostRatio) => {
  const newFolder = tempFolders();
  let store: EmbeddedStore;
  let flow: FlowWorker;
  let appended = 0;

  beforeEach(async () => {
    store = await openEmbedded({ folder: newFolder() });
    appended = 0;
    const { models } = realTrainings(store);
    const kernel = createKernel();
    flow = createFlowWorker(store, {
      networks: {
        store: models,
        networkOf: (artifact) => networkOf(decodeArtifact(artifact), kernel),
        telemetry: { swapped: () => undefined },
      },
    });
    await flow.start();
  });
  afterEach(async () => {
    await flow.stop();
    await store.close();
  });

  async function rateNext(count: number): Promise<void> {
    await store.append(0, stream.slice(appended, (appended += count)));
    await vi.waitUntil(() => flow.worker.tasks.get(0)?.nextOffset === appended, { timeout: 20_000, interval: 1 });
    await settled(() => true);
  }

  /** The worker looks at the records and at how networks do, and its task comes to its next checkpoint. */
  const settled = (holds: () => boolean | Promise<boolean>): Promise<boolean> =>
    vi.waitUntil(
      async () => {
        flow.clock.passPeriod();
        await flow.worker.checkpointAll();
        return holds();
      },
      { timeout: 20_000, interval: 1 },
    );

  const serving = (): string | undefined => flow.worker.networkStats().find(({ role }) => role === 'serving')?.version;

  test('is refused by the gate, and forced in it is rolled back by itself within 5,000 ratings', async () => {
    for (let at = 0; at < learnedFirst; at += 1000) await rateNext(1000);
    let comes = (trained: Trained): Trained => trained;
    const { models, train } = realTrainings(store, { spoil: (trained) => comes(trained) });
    const control = createModelControl(models, flow.clock);
    const goodVersion = (await train(kind)).versions[0]!.version;
    await control.promote(kind, goodVersion);
    await settled(() => serving() === goodVersion);

    const { tensors } = decodeArtifact((await models.artifact(kind, goodVersion))!);
    comes = (trained) => unprobed(spoil({ ...trained, tensors }));
    const refused = await train(kind);
    expect(refused).toMatchObject({ serving: goodVersion, shadow: null });
    expect(refused.events.at(-1)).toMatchObject({
      outcome: 'kept',
      reason: expect.stringContaining('not surely better than what serves'),
    });

    const bad = refused.versions.at(-1)!;
    const ratio = bad.heldOut.rmse / bad.heldOut.againstRmse;
    expect(ratio).toBeGreaterThan(leastRatio);
    expect(ratio).toBeLessThan(mostRatio);
    await control.promote(kind, bad.version);
    await settled(() => serving() === bad.version);
    const record = async (): Promise<ModelRecord> => (await models.record(kind))!;
    const before = appended;
    while (appended - before < mostRatings && (await record()).serving === bad.version) await rateNext(250);
    expect(await record()).toMatchObject({ serving: goodVersion });
    expect((await record()).events.at(-1)).toMatchObject({
      outcome: 'rolled-back',
      version: bad.version,
      reason: expect.stringContaining('the version before it is better'),
    });
    await settled(() => serving() === goodVersion);
    await rateNext(1);
    const last = store.read('predictions', 0, appended - 1, 1)[0]!.value!;
    expect(flowCodec.decodePrediction(last).modelVersions).toEqual({ [kind]: goodVersion });
  });
});
