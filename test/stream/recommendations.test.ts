import { describe, expect, test } from 'vitest';
import { startFlow, type Flow, type FlowOptions } from '../support/flow-harness.ts';
import { forget, rate, withdraw } from '../support/flow-inputs.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { createTestClock, until } from '../support/test-clock.ts';
import { oneShotFailures } from '../adapters/embedded/one-shot-failures.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';

const others = ['x', 'y', 'z'].flatMap((item) => [rate('bob', item, 4), rate('cy', item, 3)]);
/** A clock that stands still: ranking costs nothing, and whoever waits 0 ms is due. */
const begin = (options: FlowOptions = {}) => startFlow({ recommendations: 2, clock: createTestClock(0), ...options });

/** What the topic says of each user after compaction: item ids, or null for a tombstone. */
function latest({ store }: Flow): Record<string, string[] | null> {
  const found: Record<string, string[] | null> = {};
  for (const { key, value } of store.read('recommendations', 0, 0, Infinity)) {
    const userId = flowCodec.decodeUserKey(key!);
    found[userId] = value === null ? null : flowCodec.decodeRecommendations(value).items.map(({ itemId }) => itemId);
  }
  return found;
}

const count = ({ store }: Flow): number => store.end('recommendations', 0);
const pending = ({ worker }: Flow): number => worker.tasks.get(0)!.recommendations.count;

/** Periods pass until nobody waits, and what was ranked is durable. */
async function settle(flow: Flow): Promise<void> {
  await until(() => {
    flow.clock.passPeriod();
    return pending(flow) === 0 && !flow.worker.tasks.get(0)!.isDirty;
  }, 'all recommendations are published');
}

describe('recommendations', () => {
  test('are published to each user whose ratings changed, best first and nothing that was rated', async () => {
    const flow = await begin();
    await flow.send(...others, rate('ann', 'x', 5));
    await settle(flow);
    expect(latest(flow)).toEqual({ ann: expect.arrayContaining(['y', 'z']) as unknown, bob: [], cy: [] });
    const [first] = flow.store.read('recommendations', 0, 2, 1);
    const event = flowCodec.decodeRecommendations(first!.value!);
    expect(event).toMatchObject({ userId: 'ann', sourcePartition: 0, nextOffset: 7 });
    expect(event.items).toEqual(flow.serving.recommend('ann', 2));
    await flow.stop();
  });

  test('of a user who rates much are one, and one more after the next change', async () => {
    const flow = await begin();
    await flow.send(...Array.from({ length: 30 }, (_, i) => rate('ann', `i${i % 7}`, 4)));
    await settle(flow);
    expect(count(flow)).toBe(1);
    await flow.send(withdraw('ann', 'i3'));
    await settle(flow);
    expect(latest(flow)).toEqual({ ann: ['i3'] });
    expect(count(flow)).toBe(2);
    await flow.stop();
  });

  test('wait until the delay is over', async () => {
    let monotonicMs = 1000;
    const clock = { ...createTestClock(0), monotonicMs: () => monotonicMs };
    const flow = await begin({ clock, recommendationDelayMs: 500 });
    await flow.send(...others);
    for (let i = 0; i < 20; i++) clock.passPeriod();
    await flow.worker.checkpointAll();
    expect(count(flow)).toBe(0);
    monotonicMs += 500;
    await settle(flow);
    expect(count(flow)).toBe(2);
    await flow.stop();
  });

  test('of a forgotten user end as a tombstone, whether they were due or published', async () => {
    const flow = await begin();
    await flow.send(...others, rate('ann', 'x', 5));
    await settle(flow);
    await flow.send(rate('bob', 'new', 5), forget('ann'), forget('bob'), forget('stranger'));
    await settle(flow);
    expect(latest(flow)).toMatchObject({ ann: null, bob: null, stranger: null });
    await flow.send(rate('ann', 'y', 2));
    await settle(flow);
    expect(latest(flow)['ann']).toHaveLength(2);
    expect(latest(flow)['ann']).not.toContain('y');
    await flow.stop();
  });

  test('that were due at a crash are published by who goes on, and nothing is left of that in the state', async () => {
    const before = await begin({ recommendations: 2 });
    await before.send(...others);
    expect(pending(before)).toBe(2);
    const flow = await before.crash();
    expect(pending(flow)).toBe(2);
    await settle(flow);
    expect(Object.keys(latest(flow)).sort()).toEqual(['bob', 'cy']);
    const keys: string[] = [];
    await flow.store.visit(0, { state: (key) => keys.push(key) });
    expect(keys.filter((key) => key.startsWith('r/'))).toEqual([]);
    await flow.stop();
  });

  test.each(['before', 'after'] as const)('are there in the end when a commit fails %s it happened', async (when) => {
    const failures = oneShotFailures();
    const flow = await begin({ store: openInMemory({ partitionCount: 1, hooks: failures.hooks }) });
    await flow.send(...others);
    failures.failNextCommit(when);
    await settle(flow);
    await flow.crash().then(async (next) => {
      expect(pending(next)).toBe(0);
      expect(Object.keys(latest(next)).sort()).toEqual(['bob', 'cy']);
      await next.stop();
    });
  });

  test('are not made when nobody asked for them, but a forgotten user is taken off the topic all the same', async () => {
    const flow = await begin({ recommendations: 0 });
    await flow.send(...others, forget('bob'));
    for (let i = 0; i < 20; i++) flow.clock.passPeriod();
    await flow.worker.checkpointAll();
    expect(latest(flow)).toEqual({ bob: null });
    await flow.stop();
  });
});
