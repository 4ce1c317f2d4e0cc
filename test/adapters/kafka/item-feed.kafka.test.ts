import { expect, test } from 'vitest';
import { itemRecord } from '../../../src/adapters/kafka/changelog.ts';
import { createItemFeed } from '../../../src/adapters/kafka/item-feed.ts';
import type { PartitionReader } from '../../../src/adapters/kafka/partition-reader.ts';
import type { PartitionReaderOptions } from '../../../src/adapters/kafka/partition-reader-kafkajs.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { summingFollower } from '../../contracts/transport-harness.ts';
import { eagerCompaction, givenReader, givenTopic, givenWriter, untilCompacted } from './given-reader.ts';

const all = (): boolean => true;

async function givenItems(
  partitionCount = 1,
  config: Record<string, string> = {},
  options: Partial<PartitionReaderOptions> = {},
) {
  const reader = givenReader(options);
  const topic = await givenTopic(config, partitionCount);
  const writer = await givenWriter(topic, reader);
  const sums = new Map<string, number>();
  return {
    reader,
    topic,
    writer,
    /** Adds numbers to contributions, as a task does in a checkpoint. */
    add: (partition: number, changes: Record<string, number>): Promise<void> =>
      writer.commit(
        Object.entries(changes).map(([itemId, delta]) => {
          const sum = (sums.get(`${partition} ${itemId}`) ?? 0) + delta;
          sums.set(`${partition} ${itemId}`, sum);
          return { key: itemId, partition, value: itemRecord(Buffer.from(`${sum}`), Buffer.from(`${delta}`), 0, 1) };
        }),
      ),
    feed: (over: PartitionReader = reader) => createItemFeed({ reader: over, topic, partitionCount }),
  };
}

describeKafka('the feed of item changes', () => {
  test('hands over each change once, in order', async () => {
    const { add, feed } = await givenItems(2);
    const [items, follower] = [feed(), summingFollower()];
    await items.follow(follower, all);
    await add(0, { a: 1, b: 2 });
    await items.follow(follower, all);
    await add(1, { a: 10 });
    await add(0, { a: 3 });
    await items.follow(follower, all);
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['delta 0 a 1', 'delta 0 b 2', 'delta 0 a 3', 'delta 1 a 10']);
  });

  test('starts late from the last contributions, then goes on with the changes', async () => {
    const { add, feed, writer } = await givenItems();
    await add(0, { a: 1, b: 2 });
    await add(0, { a: 4 });
    await writer.abort([{ key: 'a', value: 'never' }]);
    const [items, follower] = [feed(), summingFollower()];
    await items.follow(follower, all);
    await add(0, { a: 8 });
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['contribution 0 b 2', 'contribution 0 a 5', 'delta 0 a 8']);
  });

  test('keeps the position of a partition that is not wanted for a while', async () => {
    const { add, feed } = await givenItems(2);
    const [items, follower] = [feed(), summingFollower()];
    await add(0, { a: 1 });
    await items.follow(follower, all);
    await add(0, { a: 2 });
    await items.follow(follower, (partition) => partition === 1);
    expect(follower.heard).toEqual(['contribution 0 a 1']);
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['contribution 0 a 1', 'delta 0 a 2']);
  });

  test('starts over from the contributions after it was told to forget a partition', async () => {
    const { add, feed } = await givenItems();
    const [items, follower] = [feed(), summingFollower()];
    await add(0, { a: 1 });
    await items.follow(follower, all);
    items.unfollow(0);
    await add(0, { a: 2 });
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['contribution 0 a 1', 'contribution 0 a 3']);
  });

  test('does not tell what a task of the same worker has reached', async () => {
    const { add, feed, reader, topic } = await givenItems();
    const [items, follower] = [feed(), summingFollower()];
    await items.follow(follower, all);
    await add(0, { a: 1 });
    items.ownReached(0, (await reader.ends(topic, [0])).get(0)!);
    await items.follow(follower, all);
    expect(follower.heard).toEqual([]);
    await add(0, { a: 2 });
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['delta 0 a 2']);
  });

  test('says nothing of a partition from the moment it is forgotten, even while it is read', async () => {
    const { add, reader, feed } = await givenItems();
    const follower = summingFollower();
    let whileReading = (): void => undefined;
    const items = feed({
      ...reader,
      readToEnd: (topic, partition, from, onRecord, ...rest) => {
        const record: typeof onRecord = (read) => {
          whileReading();
          onRecord(read);
        };
        return reader.readToEnd(topic, partition, from, record, ...rest);
      },
    });
    await items.follow(follower, all);
    await add(0, { a: 1, b: 2 });
    whileReading = () => items.unfollow(0);
    await items.follow(follower, all);
    expect(follower.heard).toEqual([]);
    whileReading = () => undefined;
    await items.follow(follower, all);
    expect(follower.heard).toEqual(['contribution 0 a 1', 'contribution 0 b 2']);
  });

  test('loses and repeats nothing when changes go on while following starts', async () => {
    const { add, feed } = await givenItems(1, {}, { maxFetchBytes: 4000 });
    await add(0, Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`i${i}`, 1])));
    const followers = Array.from({ length: 4 }, () => ({ items: feed(), follower: summingFollower() }));
    const following: Promise<void>[] = [];
    for (const { items, follower } of followers) {
      following.push(items.follow(follower, all));
      await add(0, { i0: 1, i1499: 1, i700: 1 });
    }
    await Promise.all(following);
    for (const { items, follower } of followers) {
      await items.follow(follower, all);
      expect(follower.sums.get('0 i0')).toBe(5);
      expect(follower.sums.get('0 i700')).toBe(5);
      expect(follower.sums.get('0 i1499')).toBe(5);
      expect(follower.sums.get('0 i1')).toBe(1);
    }
  });

  test('begins on a compacted partition with its gaps', async () => {
    const { add, feed, writer, reader, topic } = await givenItems(1, eagerCompaction);
    for (let round = 0; round < 4; round++) await add(0, { a: 1, b: 2 });
    await untilCompacted({ ...writer, commit: () => add(0, { roll: 1 }) }, async () => {
      let first = -1;
      await reader.readToEnd(topic, 0, 0, ({ offset }) => (first = first < 0 ? offset : first));
      return first >= 9;
    });
    const [items, follower] = [feed(), summingFollower()];
    await items.follow(follower, all);
    expect(follower.sums.get('0 a')).toBe(4);
    expect(follower.sums.get('0 b')).toBe(8);
    await add(0, { a: 1 });
    await items.follow(follower, all);
    expect(follower.sums.get('0 a')).toBe(5);
  });

  test('refuses to go on when changes were compacted away before it read them', async () => {
    const { add, feed, writer, reader, topic } = await givenItems(1, eagerCompaction);
    const [items, follower] = [feed(), summingFollower()];
    await items.follow(follower, all);
    for (let round = 0; round < 4; round++) await add(0, { a: 1 });
    await untilCompacted({ ...writer, commit: () => add(0, { roll: 1 }) }, async () => {
      let first = -1;
      await reader.readToEnd(topic, 0, 0, ({ offset }) => (first = first < 0 ? offset : first));
      return first > 0;
    });
    await expect(items.follow(follower, all)).rejects.toMatchObject({ code: 'FRESHET_LOST_CHANGES' });
    await expect(items.follow(follower, all)).rejects.toMatchObject({ code: 'FRESHET_LOST_CHANGES' });
    expect(follower.heard).toEqual([]);
  });

  test('asks once for all partitions when nothing is new', async () => {
    let fetches = 0;
    const { add, feed } = await givenItems(6, {}, { onFetch: () => fetches++ });
    const [items, follower] = [feed(), summingFollower()];
    await add(3, { a: 1 });
    await items.follow(follower, all);
    fetches = 0;
    await items.follow(follower, all);
    expect(fetches).toBe(0);
    await add(4, { a: 1 });
    await items.follow(follower, all);
    expect(fetches).toBe(1);
  });
});
