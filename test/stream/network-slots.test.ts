/** Networks over the real worker, store and codec: which of them answers when, and what is made of how they do. */
import { describe, expect, test, vi } from 'vitest';
import { createModelStore } from '../../src/adapters/models/model-store.ts';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { decodeArtifact } from '../../src/model/networks/artifact.ts';
import { promotionRule } from '../../src/model/promotion.ts';
import type { ModelRecord } from '../../src/ports/models.ts';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { promoted, rolledBack } from '../../src/stream/model-record.ts';
import { startFlow, type Flow } from '../support/flow-harness.ts';
import { rate } from '../support/flow-inputs.ts';
import { flowScale } from '../support/flow-worker.ts';
import { fromInner } from '../../src/model/scale.ts';
import { simpleNetwork } from '../support/models/simple-network.mjs';
import { items, putVersion, truth, users } from '../support/models/versions.ts';

const random = seededRandom(5);

/** So many ratings of the stream whose truth the versions know; `changed`: how far the users have moved since. */
function ratings(count: number, changed = 0): OutputRecord[] {
  return Array.from({ length: count }, () => {
    const user = Math.floor(random.uniform() * users.length);
    const item = Math.floor(random.uniform() * items.length);
    const inner = Math.min(
      5,
      Math.max(1, truth(user, item) + (user % 2 === 0 ? changed : -changed) + 0.5 * random.normal()),
    );
    return rate(users[user]!, items[item]!, fromInner(flowScale, inner));
  });
}

async function start(partitionCount = 1) {
  const store = openInMemory({ partitionCount });
  const models = createModelStore(store.models);
  const networks = {
    store: models,
    networkOf: (artifact: Uint8Array) => simpleNetwork(decodeArtifact(artifact)),
    telemetry: { swapped: () => undefined },
  };
  const flow = await startFlow({ store, networks });
  return { flow, models, record: async (): Promise<ModelRecord> => (await models.record('embedding'))! };
}

/** Lets the worker look at the records and at how networks do, and its tasks come to their next checkpoints. */
async function settled(flow: Flow, holds: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(
    async () => {
      flow.clock.passPeriod();
      await flow.worker.checkpointAll();
      return holds();
    },
    { timeout: 20_000, interval: 5 },
  );
}

const outcomesOf = ({ events }: ModelRecord): string[] => events.map(({ outcome, version }) => `${outcome} ${version}`);
const serve = (version: string) => (record: ModelRecord) => promoted(record, version, 1, 'by hand');
const shadow = (version: string) => (record: ModelRecord) => ({
  ...record,
  shadow: { version, as: 'candidate' as const },
});
const versionsOf = (flow: Flow): string[] =>
  flow.published().predictions.map(({ modelVersions }) => modelVersions['embedding'] ?? '-');
const inUse = (flow: Flow): string[] => flow.worker.networkStats().map(({ role, version }) => `${role} ${version}`);

describe('networks in a worker', () => {
  test('take their places between two checkpoints, and every prediction says which version served', async () => {
    const { flow, models } = await start(2);
    await flow.send(...ratings(50));
    await putVersion(models, 'v1', 0, serve('v1'));
    await settled(flow, () => inUse(flow).length > 0);
    await flow.send(...ratings(50));
    await putVersion(models, 'v2', 0, serve('v2'));
    await settled(flow, () => inUse(flow).includes('serving v2'));
    await flow.send(...ratings(50));
    const versions = versionsOf(flow);
    expect(versions.filter((version) => version === '-')).toHaveLength(50);
    expect(versions.filter((version) => version === 'v1')).toHaveLength(50);
    expect(versions.filter((version) => version === 'v2')).toHaveLength(50);
    expect(inUse(flow)).toEqual(['serving v2', 'shadow v1']);
    await flow.stop();
  });

  test('are in the prediction event by answer and weight, which add up to the prediction, and in the stats', async () => {
    const { flow, models } = await start();
    await flow.send(...ratings(20));
    await putVersion(models, 'v1', 0, serve('v1'));
    await settled(flow, () => inUse(flow).length > 0);
    await flow.send(...ratings(1500));
    const { predictions } = flow.published();
    const [before, after] = [predictions.slice(0, 20), predictions.slice(20)];
    for (const { experts, networkWeights } of before) {
      expect(networkWeights).toEqual({});
      expect(Object.keys(experts)).toEqual(['mean', 'bias', 'factors', 'blend']);
    }
    for (const { prediction, parts, experts, networkWeights } of after) {
      const { online, embedding, factors } = experts;
      expect(Object.keys(networkWeights)).toEqual(['embedding']);
      expect(online! + networkWeights['embedding']! * (embedding! - online!)).toBeCloseTo(prediction, 9);
      const sum = parts.mean + parts.userBias + parts.itemBias + parts.interaction;
      expect(factors).toBeCloseTo(Math.min(flowScale.hi, Math.max(flowScale.lo, sum)), 9);
    }
    const late = after.slice(-200).map(({ networkWeights }) => networkWeights['embedding']!);
    const mean = late.reduce((sum, weight) => sum + weight, 0) / late.length;
    expect(mean).toBeGreaterThan(0.3);
    const [stats] = flow.worker.networkStats();
    expect(stats!.weight).toBeGreaterThan(0.3);
    const asked = flow.serving.predict('u1', 'i1');
    const { online, embedding } = asked.experts;
    expect(online! + asked.networkWeights['embedding']! * (embedding! - online!)).toBeCloseTo(asked.prediction, 9);
    await putVersion(models, 'v2', 0, (record) => ({ ...record, serving: null, shadow: null }));
    await settled(flow, () => inUse(flow).length === 0);
    expect(flow.serving.predict('u1', 'i1').experts).not.toHaveProperty('embedding');
    await flow.stop();
  });

  test('are not exchanged inside of a batch, and a batch that is put back is answered by the same ones', async () => {
    const { flow, models } = await start();
    await putVersion(models, 'v1', 0, serve('v1'));
    await settled(flow, () => inUse(flow).length > 0);
    const task = flow.worker.tasks.get(0)!;
    await flow.store.append(0, ratings(30));
    await vi.waitUntil(() => task.nextOffset === 30, { timeout: 20_000 });
    await putVersion(models, 'v2', 0, serve('v2'));
    await vi.waitUntil(() => inUse(flow).includes('serving v2'), { timeout: 20_000 });
    const answer = (): unknown => flow.serving.predict('u1', 'i1').modelVersions;
    expect(answer()).toEqual({ embedding: 'v1' });
    task.rollBack();
    expect(answer()).toEqual({ embedding: 'v1' });
    await flow.worker.checkpointAll();
    expect(answer()).toEqual({ embedding: 'v2' });
    await flow.stop();
  });

  test('are there again after a crash, before the first prediction', async () => {
    const { flow, models } = await start();
    await putVersion(models, 'v1', 0, serve('v1'));
    const next = await flow.crash();
    await next.send(...ratings(5));
    expect(versionsOf(next)).toEqual(Array(5).fill('v1'));
    await next.stop();
  });
});

describe('a candidate in the shadow', () => {
  test('of two tasks together is promoted once it is better for sure', async () => {
    const { flow, models, record } = await start(2);
    await putVersion(models, 'v1', 0.4, serve('v1'));
    await putVersion(models, 'v2', 0, shadow('v2'));
    await settled(flow, () => inUse(flow).length === 2);
    for (let n = 0; n < 20 && (await record()).serving === 'v1'; n++) {
      await flow.send(...ratings(250));
      await settled(flow, () => true);
    }
    await settled(flow, async () => (await record()).serving === 'v2');
    expect(outcomesOf(await record())).toEqual(['promoted v1', 'promoted v2']);
    expect((await record()).shadow).toEqual({ version: 'v1', as: 'former' });
    expect((await record()).events.at(-1)?.reason).toContain('better than what serves');
    await flow.stop();
  });

  test('is given up when it is worse, and what serves goes on', async () => {
    const { flow, models, record } = await start();
    await putVersion(models, 'v1', 0, serve('v1'));
    await putVersion(models, 'v2', 0.4, shadow('v2'));
    await settled(flow, () => inUse(flow).length === 2);
    for (let n = 0; n < 20 && (await record()).shadow !== null; n++) {
      await flow.send(...ratings(250));
      await settled(flow, () => true);
    }
    expect(outcomesOf(await record())).toEqual(['promoted v1', 'kept v2']);
    expect(versionsOf(flow)).not.toContain('v2');
    await flow.stop();
  });

  test('serves after a short trial where nothing did', async () => {
    const { flow, models, record } = await start();
    await putVersion(models, 'v1', 0.2, shadow('v1'));
    await settled(flow, () => inUse(flow).length === 1);
    await flow.send(...ratings(promotionRule.firstRatings));
    await settled(flow, async () => (await record()).serving === 'v1');
    expect(outcomesOf(await record())).toEqual(['promoted v1']);
    await flow.stop();
  });
});

describe('a version that was forced into service', () => {
  test.each([
    ['whose answers are for others', 0.9],
    ['that is only slightly worse', 0.25],
  ])('%s is rolled back by itself within 5,000 ratings', async (_, off) => {
    const { flow, models, record } = await start();
    await putVersion(models, 'good', 0, serve('good'));
    await putVersion(models, 'bad', off, serve('bad'));
    await settled(flow, () => inUse(flow).includes('serving bad'));
    let count = 0;
    for (; count < 5000 && (await record()).serving === 'bad'; count += 250) {
      await flow.send(...ratings(250));
      await settled(flow, () => true);
    }
    expect(count).toBeLessThan(5000);
    await settled(flow, () => inUse(flow).join() === 'serving good');
    expect(outcomesOf(await record()).at(-1)).toBe('rolled-back bad');
    await flow.send(...ratings(1));
    expect(versionsOf(flow).at(-1)).toBe('good');
    await flow.stop();
  });
});

describe('a network whose live error grows beside that of the biases', () => {
  test('is asked to be trained, once', async () => {
    const { flow, models, record } = await start();
    // The biases are what it is compared with, and have to be learned themselves.
    for (let n = 0; n < 8; n++) await flow.send(...ratings(1000));
    await putVersion(models, 'v1', 0, serve('v1'));
    await settled(flow, () => inUse(flow).length > 0);
    for (let n = 0; n < 10; n++) await flow.send(...ratings(1000));
    await settled(flow, () => true);
    expect((await record()).request).toBeNull();
    for (let n = 0; n < 8; n++) await flow.send(...ratings(1000, 1));
    await settled(flow, async () => (await record()).request !== null);
    expect((await record()).request).toMatchObject({ reason: expect.stringContaining('live error has grown') });
    await models.update('embedding', (before) => before && { ...before, request: null });
    await flow.send(...ratings(1000, 1));
    await settled(flow, () => true);
    expect((await record()).request).toBeNull();
    await flow.stop();
  });
});

describe('what cannot be used', () => {
  test('is told in the record, and what served before it serves again', async () => {
    const { flow, models, record } = await start();
    await putVersion(models, 'v1', 0, serve('v1'));
    await settled(flow, () => inUse(flow).length > 0);
    await models.put('embedding', 'v2', new Uint8Array(1000).fill(3));
    await models.update('embedding', (before) => before && { ...before, serving: 'v2', former: 'v1' });
    await settled(flow, async () => (await record()).serving === 'v1');
    await flow.send(...ratings(5));
    expect(new Set(versionsOf(flow))).toEqual(new Set(['v1']));
    expect(outcomesOf(await record())).toEqual(['promoted v1', 'rolled-back v2']);
    await flow.stop();
  });

  test('a roll-back by hand leaves nothing serving when nothing did before', async () => {
    const { flow, models } = await start();
    await putVersion(models, 'v1', 0, serve('v1'));
    await settled(flow, () => inUse(flow).length > 0);
    await models.update('embedding', (before) => before && rolledBack(before, 2, 'by hand'));
    await settled(flow, () => inUse(flow).length === 0);
    await flow.send(...ratings(2));
    expect(versionsOf(flow)).toEqual(['-', '-']);
    await flow.stop();
  });
});
