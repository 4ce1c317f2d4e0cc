import { expect, test } from 'vitest';
import { itemRecord } from '../../../src/adapters/kafka/changelog.ts';
import { changelogValues } from '../../../src/adapters/kafka/latest-values.ts';
import { restorePartition, type RestoreProgress } from '../../../src/adapters/kafka/restore.ts';
import type { PartitionReader } from '../../../src/adapters/kafka/partition-reader.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { eagerCompaction, givenReader, givenTopic, givenWriter, textOf, untilCompacted } from './given-reader.ts';

const item = (image: string) => itemRecord(Buffer.from(image), Buffer.from('delta'), 0, 1);

/** What a restore hears, in order. `heldLimitBytes` 0: everything is read twice. */
async function restored(reader: PartitionReader, users: string, items: string, partition = 0, heldLimitBytes?: number) {
  const heard: string[] = [];
  const progress: RestoreProgress[] = [];
  const positions = await restorePartition(
    {
      latest: changelogValues(reader, { users, items }, heldLimitBytes),
      topics: { users, items },
      partition,
      onProgress: (report) => progress.push(report),
    },
    {
      state: (key, value) => heard.push(`${key}=${textOf(value)}`),
      item: (itemId, afterImage) => heard.push(`item ${itemId}=${textOf(afterImage)}`),
    },
  );
  return { heard, progress, positions };
}

describeKafka('restoring a partition', () => {
  test('visits the last value of each key once, users before items, and nothing that was deleted', async () => {
    const [reader, users, items] = [givenReader(), await givenTopic(), await givenTopic()];
    const [userWriter, itemWriter] = [await givenWriter(users, reader), await givenWriter(items, reader)];
    await userWriter.commit([
      { key: 'u/1', value: 'old' },
      { key: 'u/2', value: 'x' },
      { key: 'u/gone', value: 'x' },
    ]);
    await userWriter.commit([
      { key: 'u/1', value: 'new' },
      { key: 'u/gone', value: null },
      { key: 'u/back', value: null },
      { key: 'u/back', value: 'again' },
    ]);
    await userWriter.abort([{ key: 'u/2', value: 'aborted' }]);
    await itemWriter.commit([{ key: 'i', value: item('one') }]);
    await itemWriter.commit([{ key: 'i', value: item('two') }]);
    const { heard, positions } = await restored(reader, users, items);
    expect(heard).toEqual(['u/2=x', 'u/1=new', 'u/back=again', 'item i=two']);
    expect(positions).toMatchObject({ users: 11, items: 4, fromChangelog: 7 + 2 });
  });

  test('visits an empty partition', async () => {
    const [reader, users, items] = [givenReader(), await givenTopic(), await givenTopic()];
    expect(await restored(reader, users, items)).toMatchObject({ heard: [], positions: { users: 0, items: 0 } });
  });

  test('hears the same whether it holds a partition, reads it twice, or finds out half way', async () => {
    const [reader, users, items] = [givenReader({ maxFetchBytes: 2000 }), await givenTopic(), await givenTopic()];
    const writer = await givenWriter(users, reader);
    for (let i = 0; i < 40; i++) {
      await writer.commit([
        { key: `u${(i * 7) % 11}`, value: `${i}`.repeat(50) },
        { key: `u${i % 5}`, value: i % 3 === 0 ? null : `${i}` },
      ]);
    }
    const held = await restored(reader, users, items);
    expect(held.positions.fromChangelog).toBe(80);
    for (const limit of [0, 1, 200, 400]) {
      const twice = await restored(reader, users, items, 0, limit);
      expect(twice.heard).toEqual(held.heard);
      expect(twice.positions).toEqual({ ...held.positions, fromChangelog: 160 });
    }
  });

  test('keeps to its partition', async () => {
    const [reader, users, items] = [givenReader(), await givenTopic({}, 2), await givenTopic({}, 2)];
    const writer = await givenWriter(users, reader);
    await writer.commit([
      { key: 'a', value: 'mine', partition: 1 },
      { key: 'a', value: 'other', partition: 0 },
    ]);
    expect((await restored(reader, users, items, 1)).heard).toEqual(['a=mine']);
  });

  test('tells keys apart whatever their letters', async () => {
    const [reader, users, items] = [givenReader(), await givenTopic(), await givenTopic()];
    const keys = ['é', 'Ã©', '\u0000', '日本', '\ufffd', 'a'.repeat(300)];
    await (await givenWriter(users, reader)).commit(keys.map((key) => ({ key, value: 'v' })));
    expect((await restored(reader, users, items)).heard).toEqual(keys.map((key) => `${key}=v`));
  });

  test('finds the same after compaction', async () => {
    const reader = givenReader({ maxFetchBytes: 5000 });
    const [users, items] = [await givenTopic(eagerCompaction), await givenTopic()];
    const writer = await givenWriter(users, reader);
    const round = (value: string, step: number) =>
      Array.from({ length: 500 }, (_, i) => ({ key: `u${i}`, value: i % step === 0 ? null : value }));
    for (const value of ['1', '2', '3']) await writer.commit(round(value, 1000));
    await writer.commit(round('4', 7));
    const expected = (await restored(reader, users, items)).heard.filter((line) => !line.startsWith('roll'));
    expect(expected).toHaveLength(500 - Math.ceil(500 / 7));
    await untilCompacted(writer, async () => (await readCount(reader, users)) < 800);
    const { heard } = await restored(reader, users, items);
    expect(heard.filter((line) => !line.startsWith('roll'))).toEqual(expected);
  });

  test('reports records and the share that is done', async () => {
    const [reader, users, items] = [givenReader({ maxFetchBytes: 1000 }), await givenTopic(), await givenTopic()];
    const writer = await givenWriter(users, reader);
    for (let i = 0; i < 5; i++) await writer.commit([{ key: `u${i}`, value: 'x'.repeat(900) }]);
    const { progress } = await restored(reader, users, items);
    const shares = progress.map(({ doneRatio }) => doneRatio);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(progress.length).toBeGreaterThan(4);
    expect(progress.at(-1)).toMatchObject({ topic: users, partition: 0, recordCount: 5, doneRatio: 1 });
  });

  test('refuses records that Freshet did not write', async () => {
    const [reader, users, items] = [givenReader(), await givenTopic(), await givenTopic()];
    await (await givenWriter(items, reader)).commit([{ key: 'i', value: 'not an item record' }]);
    await expect(restored(reader, users, items)).rejects.toMatchObject({ code: 'FRESHET_CORRUPT_STATE' });
  });
});

async function readCount(reader: PartitionReader, topic: string): Promise<number> {
  let count = 0;
  await reader.readToEnd(topic, 0, 0, () => count++);
  return count;
}
