import { describe, expect, test } from 'vitest';
import { openInMemory, type InMemoryStore } from '../../src/adapters/embedded/open-in-memory.ts';
import { FencedError } from '../../src/errors.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import { rate } from '../support/flow-inputs.ts';
import { memoryOf, type NamedState } from '../support/flow-state.ts';
import { createFlowWorker, type FlowWorker } from '../support/flow-worker.ts';
import { until } from '../support/test-clock.ts';

// Of two partitions only one has users: one task learns, and there is somebody to follow it.
const partitionCount = 2;
const users = Array.from({ length: 40 }, (_, i) => `u${i}`)
  .filter((user) => partitionOf(new TextEncoder().encode(user), partitionCount) === 0)
  .slice(0, 5);
const ratings = Array.from({ length: 30 }, (_, i) => rate(users[i % 5]!, `i${i % 7}`, ((i * 3) % 10) / 2 + 0.5));

async function twoWorkers(store: InMemoryStore): Promise<readonly [FlowWorker, FlowWorker]> {
  const here = createFlowWorker(store, { partitions: [0] });
  const there = createFlowWorker(store, { partitions: [] });
  await here.start();
  await there.start();
  return [here, there];
}

async function processed(store: InMemoryStore, by: FlowWorker): Promise<void> {
  await until(() => by.worker.tasks.get(0)?.nextOffset === store.end('ratings', 0), 'all is processed');
  await by.worker.checkpointAll();
}

const itemsOf = ({ worker }: FlowWorker): NamedState =>
  Object.fromEntries(Object.entries(memoryOf(worker)).filter(([name]) => name.startsWith('item ')));

describe('a partition that moves', () => {
  test('and is the only one needs no worker to follow it: one without it holds no items, and takes over whole', async () => {
    const store = openInMemory();
    const [here, there] = await twoWorkers(store);
    for (const half of [ratings.slice(0, 15), ratings.slice(15)]) {
      await store.append(0, half);
      await processed(store, here);
      await there.worker.follow();
    }
    expect(there.worker.items.size).toBe(0);
    const before = memoryOf(here.worker);
    await there.member.assign([0]);
    expect(memoryOf(there.worker)).toEqual(before);
    await Promise.all([here, there].map((each) => each.stop()));
    expect([...here.failures, ...there.failures]).toEqual([]);
  });

  test('and comes back leaves rows bit-equal to those of one that never left', async () => {
    const store = openInMemory({ partitionCount });
    const [here, there] = await twoWorkers(store);
    const stayed = openInMemory({ partitionCount });
    const calm = createFlowWorker(stayed, { partitions: [0] });
    await calm.start();
    let [owner, other] = [here, there];
    for (const record of ratings) {
      await store.append(0, [record]);
      await processed(store, owner);
      await other.worker.follow();
      await owner.member.assign([]);
      await other.member.assign([0]);
      [owner, other] = [other, owner];
      await stayed.append(0, [record]);
      await processed(stayed, calm);
    }
    expect(memoryOf(owner.worker)).toEqual(memoryOf(calm.worker));
    await Promise.all([here, there, calm].map((each) => each.stop()));
  });

  test('leaves its share of the items with the worker that had it', async () => {
    const store = openInMemory({ partitionCount });
    const [here, there] = await twoWorkers(store);
    await store.append(0, ratings);
    await processed(store, here);
    const before = itemsOf(here);
    expect(Object.keys(before)).toHaveLength(7);
    for (let round = 0; round < 3; round++) {
      await here.member.assign([]);
      expect(itemsOf(here)).toEqual(before);
      await there.member.assign([0]);
      expect(itemsOf(there)).toEqual(before);
      await there.member.assign([]);
      await here.member.assign([0]);
    }
    await Promise.all([here, there].map((each) => each.stop()));
  });

  test('lost in the middle of a checkpoint, leaves nothing referred to', async () => {
    const store = openInMemory({ partitionCount });
    let commits = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const here = createFlowWorker(store, {
      partitions: [0],
      wrapLease: (lease) => ({
        ...lease,
        async commit(checkpoint) {
          if (++commits > 1) await released;
          await lease.commit(checkpoint);
        },
      }),
    });
    const there = createFlowWorker(store, { partitions: [] });
    await here.start();
    await there.start();
    await store.append(0, ratings.slice(0, 20));
    await processed(store, here);
    await store.append(0, ratings.slice(20));
    await until(() => here.worker.tasks.get(0)!.nextOffset === 30, 'all is processed');
    const checkpoint = expect(here.worker.checkpointAll()).rejects.toThrow(FencedError);
    await until(() => commits === 2, 'the second commit is under way');
    await there.member.assign([0]);
    release();
    await checkpoint;
    await until(() => here.worker.tasks.size === 0, 'the task is gone');
    here.worker.items.evictDownTo(0);
    expect(here.worker.items.size).toBe(0);
    await processed(store, there);
    expect(store.end('predictions', 0)).toBe(30);
    await Promise.all([here, there].map((each) => each.stop()));
  });
});
