import type { Message } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { startLocalKafka } from '../../support/kafka/local-kafka.ts';
import { brokers, describeKafka, describeLocalKafka, uniqueName } from '../../support/kafka/suite.ts';
import { createTopics, produce, testClient } from '../../support/kafka/topics.ts';
import {
  eagerCompaction,
  givenReader,
  givenTopic,
  givenWriter,
  readAll,
  untilCompacted,
  type Written,
} from './given-reader.ts';

const keys = (from: number, to: number, value: string): Written[] =>
  Array.from({ length: to - from }, (_, i) => ({ key: `k${from + i}`, value }));

describeKafka('the reader of a partition', () => {
  test('ends behind control records and waits for nothing', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    const writer = await givenWriter(topic, reader);
    await writer.commit([{ key: 'a', value: '1' }]);
    await writer.commit([{ key: 'b', value: '2' }]);
    const first = await readAll(reader, topic);
    expect(first).toMatchObject({ records: ['a=1', 'b=2'], offsets: [0, 2], position: 4, holes: [] });
    expect(await readAll(reader, topic, first.position)).toMatchObject({ records: [], position: 4 });
    expect(await readAll(reader, topic, 3)).toMatchObject({ records: [], position: 4 });
    expect(await reader.bounds(topic, 0)).toEqual({ start: 0, end: 4 });
  });

  test('reads an empty partition to its end', async () => {
    const reader = givenReader();
    expect(await readAll(reader, await givenTopic())).toMatchObject({ records: [], position: 0 });
  });

  test('begins inside a batch with the record asked for', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    await produce(brokers, topic, keys(0, 10, 'x'));
    expect(await readAll(reader, topic, 8)).toMatchObject({ records: ['k8=x', 'k9=x'], offsets: [8, 9], holes: [] });
  });

  test('hands keys and values over byte for byte, missing ones as null, whatever the headers', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256));
    const messages: Message[] = [
      { key: bytes, value: null },
      { key: null, value: bytes },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: { trace: ['1', '2'], other: 'x' } },
    ];
    await produce(brokers, topic, messages);
    const seen: (Buffer | null)[] = [];
    await reader.readToEnd(topic, 0, 0, ({ key, value }) => {
      for (const part of [key, value]) seen.push(part === null ? null : Buffer.from(part));
    });
    expect(seen).toEqual([bytes, null, null, bytes, Buffer.alloc(0), Buffer.alloc(0)]);
  });

  test('does not show what was aborted, whoever else wrote meanwhile', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    const [writer, other] = [await givenWriter(topic, reader), await givenWriter(topic, reader)];
    await writer.commit([{ key: 'a', value: 'kept' }]);
    await writer.abort(keys(0, 50, 'aborted'));
    await other.commit([{ key: 'b', value: 'kept' }]);
    await writer.commit([{ key: 'c', value: 'kept' }]);
    await writer.abort([{ key: 'd', value: 'aborted' }]);
    expect(await readAll(reader, topic)).toMatchObject({ records: ['a=kept', 'b=kept', 'c=kept'], holes: [] });
  });

  test('tells interleaved transactions apart, also when it begins in their middle', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    const [writer, other] = [await givenWriter(topic, reader), await givenWriter(topic, reader)];
    const commit = await other.begin([{ key: 'a', value: 'kept' }]); // offset 0
    const aborted = writer.abort([{ key: 'b', value: 'aborted' }]); // offset 1, its marker; unseen before the commit
    await produce(brokers, topic, [{ key: 'c', value: 'kept' }]);
    await commit();
    await aborted;
    expect((await readAll(reader, topic)).records).toEqual(['a=kept', 'c=kept']);
    expect((await readAll(reader, topic, 1)).records).toEqual(['c=kept']);
  });

  test('stops before a transaction that is open', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    const [writer, other] = [await givenWriter(topic, reader), await givenWriter(topic, reader)];
    await writer.commit([{ key: 'a', value: '1' }]);
    const commit = await other.begin([{ key: 'b', value: '2' }]);
    await produce(brokers, topic, [{ key: 'c', value: '3' }]);
    const before = await readAll(reader, topic);
    expect(before).toMatchObject({ records: ['a=1'], position: 2 });
    await commit();
    expect((await readAll(reader, topic, before.position)).records).toEqual(['b=2', 'c=3']);
  });

  test('goes through hundreds of holes at the end of a batch in a few fetches, and tells of them', async () => {
    let fetches = 0;
    const reader = givenReader({ maxFetchBytes: 1000, onFetch: () => fetches++ });
    const topic = await givenTopic(eagerCompaction);
    const writer = await givenWriter(topic, reader);
    await writer.commit(keys(0, 1000, 'first'));
    await writer.commit(keys(400, 1000, 'second'));
    await untilCompacted(writer, async () => (await readAll(reader, topic)).holes.length > 0);
    fetches = 0;
    const { records, holes, offsets, position } = await readAll(reader, topic);
    expect(records.slice(0, 400)).toEqual(keys(0, 400, 'first').map(({ key, value }) => `${key}=${String(value)}`));
    expect(records.slice(400, 1000)).toEqual(
      keys(400, 1000, 'second').map(({ key, value }) => `${key}=${String(value)}`),
    );
    expect(holes[0]).toBe('400..1000');
    expect(position).toBeGreaterThan(offsets.at(-1)!);
    expect(fetches).toBeLessThan(offsets.length - 1000 + 10); // a fetch each for the two batches and for the small ones behind
  });

  test('goes through a batch of which compaction left nothing', async () => {
    const reader = givenReader({ maxFetchBytes: 200 });
    const topic = await givenTopic(eagerCompaction);
    const [idle, writer] = [await givenWriter(topic, reader), await givenWriter(topic, reader)];
    await idle.commit(keys(0, 300, 'first')); // the last batch of its producer: its header is kept
    await writer.commit(keys(0, 300, 'second'));
    await untilCompacted(writer, async () => (await readAll(reader, topic)).offsets[0]! === 301);
    const { records, holes } = await readAll(reader, topic);
    expect(records.slice(0, 300)).toEqual(keys(0, 300, 'second').map(({ key, value }) => `${key}=${String(value)}`));
    expect(holes[0]).toBe('0..300');
    expect((await readAll(reader, topic, 100)).offsets[0]).toBe(301);
  });

  test('takes a batch that is larger than a fetch whole', async () => {
    const [reader, topic] = [givenReader({ maxFetchBytes: 1024 }), await givenTopic()];
    const large = 'x'.repeat(200_000);
    await produce(brokers, topic, [{ key: 'a', value: large }]);
    await produce(brokers, topic, [{ key: 'b', value: large }]);
    expect((await readAll(reader, topic)).records).toEqual([`a=${large}`, `b=${large}`]);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads batches that the broker compressed with %s', async (codec) => {
    const [reader, topic] = [givenReader(), await givenTopic({ 'compression.type': codec })];
    const written = keys(0, 3000, 'the same over and over '.repeat(10));
    await produce(brokers, topic, written);
    await produce(brokers, topic, [{ key: 'last', value: 'one' }]);
    const { records } = await readAll(reader, topic);
    expect(records).toEqual([...written.map(({ key, value }) => `${key}=${String(value)}`), 'last=one']);
  });

  test('says what to do about a topic that does not exist, and a partition that does not', async () => {
    const reader = givenReader({ patienceMs: 100 });
    await expect(reader.bounds('no-such-topic', 0)).rejects.toMatchObject({
      code: 'FRESHET_BROKER',
      message: expect.stringMatching(/UNKNOWN_TOPIC_OR_PARTITION.*topics check/) as string,
    });
    const topic = await givenTopic();
    await expect(readAll(reader, topic, 0, 7)).rejects.toMatchObject({
      code: 'FRESHET_CORRUPT_STATE',
      message: expect.stringContaining('has no partition 7') as string,
    });
  });

  test('reads nothing from the end, nor from behind it', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    await produce(brokers, topic, keys(0, 3, 'x'));
    expect(await readAll(reader, topic, 3)).toMatchObject({ records: [], position: 3 });
    expect(await readAll(reader, topic, 99)).toMatchObject({ records: [], position: 99 });
  });

  test('says that records were deleted that it was to read', async () => {
    const [reader, topic] = [givenReader(), await givenTopic()];
    await produce(brokers, topic, keys(0, 5, 'x'));
    const admin = testClient(brokers).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // kafkajs deletes only where it knows the leader
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    await admin.disconnect();
    expect((await reader.bounds(topic, 0)).start).toBe(3);
    await expect(readAll(reader, topic, 1)).rejects.toMatchObject({
      code: 'FRESHET_CORRUPT_STATE',
      message: expect.stringContaining('Offset 1 of partition 0') as string,
    });
  });

  test('fails a reading that it is closed under', async () => {
    const reader = givenReader();
    const topic = await givenTopic();
    await produce(brokers, topic, keys(0, 3, 'x'));
    await reader.close();
    await expect(reader.ends(topic, [0])).rejects.toThrow();
  });
});

describeLocalKafka('the reader of a partition, when its broker goes away', () => {
  test('goes on where it was once the broker is back', async () => {
    const cluster = await startLocalKafka();
    onTestFinished(() => cluster.stop());
    const topic = uniqueName('reader');
    await createTopics(cluster.brokers, [{ topic, numPartitions: 1 }]);
    for (let round = 0; round < 20; round++)
      await produce(cluster.brokers, topic, keys(50 * round, 50 * (round + 1), 'x'));
    let fetches = 0;
    let restarted: Promise<void> = Promise.resolve();
    const reader = givenReader({ brokers: cluster.brokers, maxFetchBytes: 2000, onFetch: () => fetches++ });
    const offsets: number[] = [];
    const position = await reader.readToEnd(topic, 0, 0, ({ offset }) => {
      offsets.push(offset);
      if (offset === 300) restarted = cluster.kill().then(() => cluster.start());
    });
    await restarted;
    expect(position).toBe(1000);
    expect(offsets).toEqual(Array.from({ length: 1000 }, (_, offset) => offset));
  });

  test('does not create a topic by looking for it, where brokers would', async () => {
    const cluster = await startLocalKafka({ properties: { 'auto.create.topics.enable': 'true' } });
    onTestFinished(() => cluster.stop());
    const reader = givenReader({ brokers: cluster.brokers, patienceMs: 300 });
    await expect(reader.bounds('looked-for', 0)).rejects.toMatchObject({ code: 'FRESHET_BROKER' });
    const admin = testClient(cluster.brokers).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    expect(await admin.listTopics()).not.toContain('looked-for');
  });
});
