import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { frameConfluent } from '../../src/adapters/avro/confluent-frame.ts';
import { loadSchema } from '../../src/adapters/avro/schemas.ts';
import { createPartitionReader } from '../../src/adapters/kafka/partition-reader-kafkajs.ts';
import { createRegistryClient } from '../../src/adapters/registry/registry-client.ts';
import { createRegistrySchemas } from '../../src/adapters/registry/registry-schemas.ts';
import { boxOnKafka } from '../../src/cli/dead-letters/box-on-kafka.ts';
import type { DeadLetterBox } from '../../src/ports/dead-letters.ts';
import { silentLog } from '../support/flow-worker.ts';
import { startRegistry } from '../support/kafka/registry.ts';
import { awaitCommitted, readCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka } from '../support/kafka/suite.ts';
import { produce, testClient } from '../support/kafka/topics.ts';
import { until } from '../support/kafka/until.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { kafkaGroup, type KafkaGroup } from './kafka-group.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
const mapped = ['--map', 'userId=customer.id,itemId=sku,rating=stars'];
const mapping = {
  userId: 'customer.id',
  itemId: 'sku',
  rating: 'stars',
  ratedAt: 'ratedAt',
  ratedAtUnit: 'milliseconds',
} as const;
const foreign = (id: string, sku = 's1'): string => JSON.stringify({ customer: { id }, sku, stars: 4, ratedAt: 1000 });

/** Records in the ratings topic and a letter for each, as a worker without the mapping leaves them. */
async function givenRefused({ topics }: KafkaGroup, values: readonly string[]): Promise<void> {
  const letters = values.map((value, offset) => ({
    partition: 0,
    key: null,
    value: Buffer.from(
      codec.encodeDeadLetter({
        key: null,
        value: Buffer.from(value),
        code: 'FRESHET_WRONG_TYPE',
        reason: 'no userId',
        topic: topics.ratings,
        partition: 0,
        offset,
        schemaId: null,
        refusedAtMs: 1_000_000 + offset,
      }),
    ),
  }));
  for (let from = 0; from < values.length; from += 3000) {
    const some = values.slice(from, from + 3000).map((value) => ({ partition: 0, value }));
    await produce(brokers, topics.ratings, some);
    await produce(brokers, topics.deadLetters, letters.slice(from, from + 3000));
  }
}

/** How often each value stands behind the ones that were refused. */
async function putThrough({ topics }: KafkaGroup, refusedCount: number): Promise<string[]> {
  const records = await readCommitted(brokers, topics.ratings);
  return records
    .filter(({ partition, offset }) => partition !== 0 || offset >= refusedCount)
    .map(({ value }) => String(value))
    .sort();
}

/** As one worker of the group has it. */
function boxOf({ app, topics }: KafkaGroup, partitionCount: number): DeadLetterBox {
  return boxOnKafka({
    ...{ kafka: testClient(brokers), brokers, app, topics, partitionCount },
    codec: createCodec({
      scale: { lo: 1, hi: 5 },
      nowMs: () => Date.now(),
      mapping: { ...mapping, eventId: 'eventId' },
    }),
    openReader: () => createPartitionReader({ brokers, clientId: app, log: silentLog }),
    signal: new AbortController().signal,
  });
}

describeKafka('dead letters at the workers of a group', () => {
  test('are the latest of all partitions, and come in once, whoever asks and at the same time', async () => {
    const group = await kafkaGroup(2);
    await givenRefused(group, [foreign('c1'), '{broken', foreign('c1'), foreign('c2')]);
    const [one, other] = [boxOf(group, 2), boxOf(group, 2)];
    const { total, letters } = await one.latest(3);
    expect(total).toBeNull();
    expect(letters.map(({ letterOffset, isRetried }) => [letterOffset, isRetried])).toEqual([
      [3, false],
      [2, false],
      [1, false],
    ]);
    // Two workers at once: who is fenced off by the other may ask again, and hears what became of it.
    const both = await Promise.allSettled([one.retry(0, 0), other.retry(0, 0), one.retry(0, 2)]);
    const again = [await one.retry(0, 0), await other.retry(0, 2)];
    for (const result of both)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'FRESHET_COMMIT_FAILED', retriable: true });
    expect(again).toEqual([expect.objectContaining({ kind: expect.any(String) }), { kind: 'already-in' }]);
    expect(await putThrough(group, 4)).toEqual([foreign('c1')]);
    expect(await one.retry(0, 1)).toMatchObject({ kind: 'refused', code: 'FRESHET_UNDECODABLE' });
    for (const [partition, offset] of [
      [0, 99],
      [1, 0],
      [7, 0],
    ] as const)
      expect(await one.retry(partition, offset)).toEqual({ kind: 'unknown' });
    // The command knows of it, and the workers of what the command does.
    expect(await runForJson('dead-letters', 'replay', ...mapped, ...group.flags)).toMatchObject({
      replayed: 1,
      alreadyIn: 2,
    });
    expect(await other.retry(0, 3)).toEqual({ kind: 'already-in' });
    expect((await other.latest(10)).letters.map(({ isRetried }) => isRetried)).toEqual([true, true, false, true]);
    expect(await putThrough(group, 4)).toEqual([foreign('c1'), foreign('c2')]);
  });
});

describeKafka('freshet dead-letters --brokers', () => {
  test('lists the latest, newest last, and counts them all', async () => {
    const group = await kafkaGroup(2);
    await givenRefused(group, ['{broken', foreign('c1'), '[]']);
    const { deadLetters, letters } = await runForJson<{ deadLetters: number; letters: Record<string, unknown>[] }>(
      ...['dead-letters', 'list', '--limit', '2', ...group.flags],
    );
    expect(deadLetters).toBe(3);
    expect(letters.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(letters[0]).toMatchObject({
      code: 'FRESHET_WRONG_TYPE',
      source: { topic: group.topics.ratings, partition: 0, offset: 1 },
      valueBase64: Buffer.from(foreign('c1')).toString('base64'),
    });
  });

  test('replays what can be read now, once, into the partition of its user', async () => {
    const group = await kafkaGroup(3);
    const users = ['a', 'b', 'c', 'd', 'e', 'f'];
    const values = [...users.map((id) => foreign(id)), foreign('a'), '{broken'];
    await givenRefused(group, values);
    const replay = () => runForJson('dead-letters', 'replay', ...mapped, ...group.flags);
    expect(await runForJson('dead-letters', 'replay', ...group.flags)).toMatchObject({ replayed: 0, stillRefused: 8 });
    expect(await replay()).toEqual({
      deadLetters: 8,
      replayed: 6,
      alreadyIn: 1,
      stillRefused: 1,
      reasons: { FRESHET_UNDECODABLE: 1 },
    });
    expect(await replay()).toMatchObject({ replayed: 0, alreadyIn: 7 });
    expect(await putThrough(group, values.length)).toEqual(users.map((id) => foreign(id)));
    // The receipts are no letters.
    expect(await runForJson('dead-letters', 'list', ...group.flags)).toMatchObject({ deadLetters: 8 });

    const worker = await group.worker({ mapping: { ...mapping, eventId: 'eventId' } });
    await until(
      'the replayed are learned',
      () => [...worker.worker.tasks.values()].reduce((sum, task) => sum + task.counts.applied, 0) >= 6,
    );
    await worker.stop();
    expect(await replay()).toMatchObject({ replayed: 0 });
  });

  test('remembers what it did longer than the ratings are kept', async () => {
    const group = await kafkaGroup(1);
    await givenRefused(group, [foreign('c1')]);
    expect(await runForJson('dead-letters', 'replay', ...mapped, ...group.flags)).toMatchObject({ replayed: 1 });
    const admin = testClient(brokers).admin();
    await admin.connect();
    const [{ high } = { high: '0' }] = await admin.fetchTopicOffsets(group.topics.ratings);
    await admin.deleteTopicRecords({ topic: group.topics.ratings, partitions: [{ partition: 0, offset: high }] });
    await admin.disconnect();
    expect(await readCommitted(brokers, group.topics.ratings)).toHaveLength(0);
    expect(await runForJson('dead-letters', 'replay', ...mapped, ...group.flags)).toMatchObject({
      replayed: 0,
      alreadyIn: 1,
    });
  });

  test('replays once more what a worker refused again', async () => {
    const group = await kafkaGroup(1);
    await givenRefused(group, [foreign('c1')]);
    const replay = () => runForJson('dead-letters', 'replay', ...mapped, ...group.flags);
    expect(await replay()).toMatchObject({ replayed: 1 });
    // Without the mapping it refuses the old record and the replayed one.
    const worker = await group.worker();
    await awaitCommitted(
      brokers,
      group.topics.deadLetters,
      (all) => all.filter(({ value }) => value !== null).length === 3,
    );
    await worker.stop();
    expect(await replay()).toMatchObject({ deadLetters: 3, replayed: 1 });
    expect(await replay()).toMatchObject({ replayed: 0 });
  });

  test('adds nothing twice when two run at once, and one is killed half-way', { timeout: 180_000 }, async () => {
    const group = await kafkaGroup(2);
    const values = Array.from({ length: 12_000 }, (_, i) => foreign(`c${i % 500}`, `s${i}`));
    await givenRefused(group, values);
    const words = ['dead-letters', 'replay', ...mapped, ...group.flags];
    const child = spawn(process.execPath, [main, ...words], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    await awaitCommitted(brokers, group.topics.ratings, values.length + 500, 60_000);
    child.kill('SIGKILL');
    await exited;
    const before = (await putThrough(group, values.length)).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(values.length);

    const both = await Promise.all([runCommand(...words), runCommand(...words)]);
    expect(both.some(({ code }) => code === 0)).toBe(true);
    for (const { code, stderr } of both) if (code !== 0) expect(stderr).toMatch(/took over|Run it again/);
    expect(await runForJson(...words)).toMatchObject({ replayed: 0, alreadyIn: values.length });
    expect(await putThrough(group, values.length)).toEqual(values.toSorted());
  });

  test('decodes now what stated a schema that the registry did not know then', { timeout: 180_000 }, async () => {
    if (!inject('hasRegistry')) return;
    const registry = await startRegistry();
    try {
      const group = await kafkaGroup(1);
      const client = createRegistryClient({ url: registry.url });
      const rating = { userId: 'u1', itemId: 'i1', rating: 3, ratedAtMs: 5e11, eventId: null, weight: 1 };
      // The id that the schema will get is known once it is registered; the worker asks a registry that has nothing.
      const id = await client.register(`${group.topics.ratings}-value`, loadSchema('rating-event'));
      const nothing = createRegistrySchemas({ schemaById: () => Promise.resolve({ kind: 'not-found' }) }, silentLog);
      const worker = await group.worker({ schemas: nothing, schemaById: (asked) => nothing.schemaById(asked) });
      await produce(brokers, group.topics.ratings, [
        { key: 'u1', value: frameConfluent(id, codec.encodeRating(rating)) },
      ]);
      await awaitCommitted(brokers, group.topics.deadLetters, 1);
      await worker.stop();
      const words = ['dead-letters', 'replay', ...group.flags];
      expect(await runForJson(...words)).toMatchObject({ replayed: 0, reasons: { FRESHET_UNKNOWN_SCHEMA: 1 } });
      expect(await runForJson(...words, '--registry-url', registry.url)).toMatchObject({ replayed: 1 });
      expect(await runForJson(...words, '--registry-url', registry.url)).toMatchObject({ replayed: 0, alreadyIn: 1 });
    } finally {
      await registry.stop();
    }
  });
});
