/** What serves is what was trained: a network of each kind by the real training, over the log of a real store. */
import { afterEach, describe, expect, it } from 'vitest';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { decodeArtifact } from '../../src/model/networks/artifact.ts';
import { networkKinds, type NetworkKind } from '../../src/model/networks/kinds.ts';
import {
  quickHyper,
  realTrainings,
  tasteStream,
  withTensors,
  type RealTrainings,
} from '../support/models/real-trainings.ts';

const stream = tasteStream(3000);
/** One that the answers are made of, by kind. */
const tensorOf: Readonly<Record<NetworkKind, string>> = {
  embedding: 'item.embedding',
  deep: 'norm1.variance',
  residual: 'out.kernel',
  autoencoder: 'item.hidden',
  rbm: 'user.levels',
};

describe.each(networkKinds)('a trained %s network', (kind) => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  async function trainings(options: RealTrainings = {}) {
    const store = openInMemory();
    stops.push(() => store.close());
    await store.append(0, stream);
    const running = realTrainings(store, options);
    stops.push(() => running.stop());
    return running;
  }

  it('is stored with every setting that it was trained with', async () => {
    const { models, train } = await trainings();
    const { events, versions } = await train(kind);
    expect(events[0]).toMatchObject({ outcome: 'trained' });
    const { manifest } = decodeArtifact((await models.artifact(kind, versions[0]!.version))!);
    expect(manifest.hyperParameters).toMatchObject(quickHyper[kind]);
    expect(Object.keys(manifest.hyperParameters).length).toBeGreaterThan(Object.keys(quickHyper[kind]).length);
  });

  it('that serves other answers than it was trained to give is refused, and the reason says so', async () => {
    const spoil = withTensors((data) => data.map((value) => 1.01 * value), tensorOf[kind]);
    const { models, train } = await trainings({ spoil });
    const record = await train(kind);
    expect(record).toMatchObject({ shadow: null, serving: null, versions: [] });
    expect(record.events).toMatchObject([
      {
        outcome: 'failed',
        reason: expect.stringMatching(/serves other answers than it was trained to give: .* apart/),
      },
    ]);
    expect(await models.versions(kind)).toEqual([]);
  });
});
