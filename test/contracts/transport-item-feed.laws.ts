import { expect, test, vi } from 'vitest';
import type { PartitionLease } from '../../src/ports/transport.ts';
import {
  bytesOf,
  checkpoint,
  restored,
  startWorker,
  summingFollower,
  textOf,
  type Can,
  type Open,
} from './transport-harness.ts';

/**
 * Adds numbers to items, as a task adds to its contributions; resolves when readers see them. A broker answers a commit before
 * it has marked every partition as committed.
 */
async function add(lease: PartitionLease, changes: Record<string, number>): Promise<void> {
  const before = (await restored(lease)).items;
  const items = Object.entries(changes).map(([itemId, delta]) => {
    const sum = Number(before[itemId] ?? 0) + delta;
    return { itemId, afterImage: bytesOf(String(sum)), delta: bytesOf(String(delta)) };
  });
  await lease.commit(checkpoint({ items }));
  const isSeen = async (): Promise<boolean> => {
    const { items: seen } = await restored(lease);
    return items.every(({ itemId, afterImage }) => seen[itemId] === textOf(afterImage));
  };
  await vi.waitUntil(isSeen, { timeout: 10_000, interval: 10 });
}

const all = (): boolean => true;

export function itemFeedLaws(open: Open, can: Can): void {
  test('hands over each change once, as it is committed', async () => {
    const log = await open({ partitionCount: 2 });
    const owner = await startWorker(log, [0, 1]);
    const { items } = log.worker({ partitions: [] });
    const follower = summingFollower();
    await items.follow(follower, all);
    await add(owner.lease(0), { a: 1, b: 2 });
    await items.follow(follower, all);
    await add(owner.lease(1), { a: 10 });
    await add(owner.lease(0), { a: 3 });
    await items.follow(follower, all);
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['delta 0 a 1', 'delta 0 b 2', 'delta 0 a 3', 'delta 1 a 10']);
  });

  test('starts late from the contributions, then goes on with the changes', async () => {
    const log = await open({ partitionCount: 1 });
    const owner = await startWorker(log);
    await add(owner.lease(0), { a: 1, b: 2 });
    await add(owner.lease(0), { a: 4 });
    const { items } = log.worker({ partitions: [] });
    const follower = summingFollower();
    await items.follow(follower, all);
    await add(owner.lease(0), { a: 8 });
    await items.follow(follower, all);
    // Contributions come in any order.
    expect(follower.heard.slice(0, 2).sort()).toEqual(['contribution 0 a 5', 'contribution 0 b 2']);
    expect(follower.heard.slice(2)).toEqual(['delta 0 a 8']);
  });

  test('starts over from the contributions after it was told to forget a partition, and hears of it nothing twice', async () => {
    const log = await open({ partitionCount: 2 });
    const owner = await startWorker(log, [0, 1]);
    const { items } = log.worker({ partitions: [] });
    const follower = summingFollower();
    await items.follow(follower, all);
    await add(owner.lease(0), { a: 1 });
    await add(owner.lease(1), { b: 5 });
    items.unfollow(0);
    await add(owner.lease(0), { a: 2 });
    await items.follow(follower, all);
    await add(owner.lease(0), { a: 4 });
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['contribution 0 a 3', 'delta 1 b 5', 'delta 0 a 4']);
  });

  test('starts over from the contributions in the next process', async () => {
    const log = await open({ partitionCount: 1 });
    const owner = await startWorker(log);
    await log.worker({ partitions: [] }).items.follow(summingFollower(), all);
    await add(owner.lease(0), { a: 1 });
    const follower = summingFollower();
    await (await log.crash()).worker({ partitions: [] }).items.follow(follower, all);
    expect(follower.heard).toEqual(['contribution 0 a 1']);
  });

  test('brings only the wanted partitions to their end, and the others later', async () => {
    const log = await open({ partitionCount: 2 });
    const owner = await startWorker(log, [0, 1]);
    const { items } = log.worker({ partitions: [] });
    const follower = summingFollower();
    await items.follow(follower, all);
    await add(owner.lease(0), { a: 1 });
    await add(owner.lease(1), { a: 2 });
    await items.follow(follower, (partition) => partition === 1);
    expect(follower.heard).toEqual(['delta 1 a 2']);
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['delta 1 a 2', 'delta 0 a 1']);
  });

  test('does not hand a worker what its own tasks committed', async () => {
    const log = await open({ partitionCount: 1 });
    const first = await startWorker(log);
    const follower = summingFollower();
    await first.worker.items.follow(follower, all);
    await add(first.lease(0), { a: 1 });
    await first.worker.items.follow(follower, all);
    expect(follower.heard).toEqual([]);
    const second = await startWorker(log);
    await add(second.lease(0), { a: 2 });
    await first.worker.items.follow(follower, all);
    expect(follower.heard).toEqual(['delta 0 a 2']);
  });

  if (can('read single keys'))
    test('reads the committed contribution of any task', async () => {
      const log = await open({ partitionCount: 2 });
      const owner = await startWorker(log, [1]);
      await add(owner.lease(1), { a: 7 });
      const { items } = log.worker({ partitions: [] });
      expect(textOf(items.read(1, 'a'))).toBe('7');
      expect(items.read(0, 'a')).toBeUndefined();
    });

  test('loses and repeats nothing when commits go on while following starts', async () => {
    const log = await open({ partitionCount: 1 });
    const owner = await startWorker(log);
    await add(owner.lease(0), Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`i${i}`, 1])));
    const workers = Array.from({ length: 8 }, () => ({
      items: log.worker({ partitions: [] }).items,
      follower: summingFollower(),
    }));
    const following: Promise<void>[] = [];
    for (const { items, follower } of workers) {
      const committing = add(owner.lease(0), { i0: 1, i1499: 1, i700: 1 });
      following.push(items.follow(follower, all));
      await committing;
    }
    await Promise.all(following);
    for (const { items, follower } of workers) {
      await items.follow(follower, all);
      expect(follower.sums.get('0 i0')).toBe(9);
      expect(follower.sums.get('0 i700')).toBe(9);
      expect(follower.sums.get('0 i1499')).toBe(9);
      expect(follower.sums.get('0 i1')).toBe(1);
    }
  });
}
