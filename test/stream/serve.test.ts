import { describe, expect, test } from 'vitest';
import { NotOwnedError } from '../../src/errors.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import { startFlow } from '../support/flow-harness.ts';
import { rate } from '../support/flow-inputs.ts';
import { createFlowWorker, flowScale } from '../support/flow-worker.ts';
import { until } from '../support/test-clock.ts';

const liked = [
  ...['ann', 'bob', 'cy', 'dee'].map((user) => rate(user, 'good', 5)),
  ...['ann', 'bob', 'cy', 'dee'].map((user) => rate(user, 'fair', 3)),
  ...['bob', 'cy', 'dee'].map((user) => rate(user, 'bad', 0.5)),
];

describe('serving', () => {
  test('recommends what the user has not rated, best first, and no more than asked for', async () => {
    const flow = await startFlow();
    await flow.send(...liked, rate('eve', 'fair', 3));
    const all = flow.serving.recommend('eve', 10);
    expect(all.map(({ itemId }) => itemId)).toEqual(['good', 'bad']);
    expect(flow.serving.recommend('ann', 10).map(({ itemId }) => itemId)).toEqual(['bad']);
    expect(flow.serving.recommend('eve', 1)).toEqual(all.slice(0, 1));
    expect(flow.serving.recommend('eve', 0)).toEqual([]);
    await flow.stop();
  });

  test('recommends well-rated items to an unknown user', async () => {
    const flow = await startFlow();
    await flow.send(...liked);
    expect(flow.serving.recommend('stranger', 3).map(({ itemId }) => itemId)).toEqual(['good', 'fair', 'bad']);
    await flow.stop();
  });

  test('ranks by what it predicts', async () => {
    const flow = await startFlow();
    await flow.send(...liked);
    for (const { itemId, prediction } of flow.serving.recommend('stranger', 3)) {
      expect(flow.serving.predict('stranger', itemId).prediction).toBe(prediction);
    }
    await flow.stop();
  });

  test('has nothing to recommend before anything was rated', async () => {
    const flow = await startFlow();
    expect(flow.serving.recommend('ann', 5)).toEqual([]);
    await flow.stop();
  });

  test('answers inside the scale, in parts that add up to what the factors say', async () => {
    const flow = await startFlow();
    await flow.send(...liked);
    for (const user of ['ann', 'bob', 'stranger']) {
      const { prediction, low, high, parts, experts } = flow.serving.predict(user, 'bad');
      for (const value of [prediction, low, high, ...Object.values(experts)]) {
        expect(value).toBeGreaterThanOrEqual(flowScale.lo);
        expect(value).toBeLessThanOrEqual(flowScale.hi);
      }
      const sum = parts.mean + parts.userBias + parts.itemBias + parts.interaction;
      expect(experts['factors']).toBeCloseTo(Math.min(flowScale.hi, Math.max(flowScale.lo, sum)), 9);
    }
    await flow.stop();
  });

  test('is ready with all partitions, and knows the users of those it has', async () => {
    const store = openInMemory({ partitionCount: 2 });
    const flow = createFlowWorker(store, { partitions: [0] });
    expect(flow.serving.readiness().kind).toBe('not-ready');
    await flow.start();
    expect(flow.serving.readiness()).toEqual({
      kind: 'not-ready',
      reason: '1 of 2 partitions are restored; missing: 1',
    });
    const users = Array.from({ length: 20 }, (_, i) => `u${i}`);
    for (const user of users) {
      const partition = partitionOf(new TextEncoder().encode(user), 2);
      expect(flow.serving.partitionOf(user)).toBe(partition);
      if (partition === 0) expect(flow.serving.predict(user, 'x').userId).toBe(user);
      else expect(() => flow.serving.predict(user, 'x')).toThrow(NotOwnedError);
    }
    await flow.member.assign([0, 1]);
    expect(flow.serving.readiness()).toEqual({ kind: 'ready' });
    await flow.stop();
  });

  test('is ready in a group once its partitions are restored and the items of the others are here', async () => {
    const store = openInMemory({ partitionCount: 3 });
    const owner = createFlowWorker(store, { partitions: [1] });
    await owner.start();
    await store.append(1, [rate('ann', 'x', 4)]);
    await until(() => owner.worker.tasks.get(1)?.nextOffset === 1, 'the rating is learned');
    await owner.worker.checkpointAll();

    let ours: number[] | null = null;
    const idle = createFlowWorker(store, { partitions: [], ours: () => ours });
    const reason = (): string | undefined => {
      const readiness = idle.serving.readiness();
      return readiness.kind === 'ready' ? undefined : readiness.reason;
    };
    expect(reason()).toBe('the group has not said which partitions belong here');
    await idle.start();
    ours = [];
    expect(reason()).toBe("the items of other workers' partitions are not all here: 0, 1, 2");
    await idle.worker.follow();
    expect(reason()).toBeUndefined(); // it owns nothing and follows all
    expect(idle.worker.items.size).toBe(1);

    ours = [0, 1];
    expect(reason()).toBe('0 of 2 partitions are restored; missing: 0, 1');
    await idle.member.assign([0, 1]);
    expect(reason()).toBeUndefined();
    // Given up, a partition is another worker's: its items have to be read anew.
    ours = [0];
    const given = idle.member.assign([0]);
    await until(() => reason() !== undefined || !idle.worker.tasks.has(1), 'the partition is given up');
    await given;
    expect(reason()).toBeUndefined();
    expect(idle.worker.items.size).toBe(1);
    await idle.stop();
    await owner.stop();
  });

  test('follows a partition again that was taken over while it was followed, and given up', async () => {
    const store = openInMemory({ partitionCount: 2 });
    const flow = createFlowWorker(store, { partitions: [], ours: () => [] });
    await flow.start();
    const following = flow.worker.follow();
    await flow.member.assign([0]);
    const thief = createFlowWorker(store, { partitions: [0] });
    await Promise.all([following, thief.start()]);
    await flow.member.assign([]);
    await until(() => flow.serving.readiness().kind === 'ready', 'it follows again');
    expect(flow.worker.behind()).toEqual([]);
    await flow.stop();
    await thief.stop();
  });

  test('sees a task that moves here whole or not at all', async () => {
    const store = openInMemory();
    const before = await startFlow({ store });
    await before.send(...liked);
    const expected = before.serving.predict('ann', 'bad');
    const seen: unknown[] = [];
    const next = createFlowWorker(store, {
      partitions: [],
      wrapLease: (lease) => ({
        ...lease,
        restore: (visitor) =>
          lease.restore({
            state(key, value) {
              visitor.state(key, value);
              expect(() => next.serving.predict('ann', 'bad')).toThrow(NotOwnedError);
              seen.push(key);
            },
            item: (id, image) => visitor.item(id, image),
          }),
      }),
    });
    await next.start();
    await next.member.assign([0]);
    expect(seen.length).toBeGreaterThan(5);
    expect(next.serving.predict('ann', 'bad')).toEqual(expected);
    await next.stop();
    await before.crash();
  });
});
