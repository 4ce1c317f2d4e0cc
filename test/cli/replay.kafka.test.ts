import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { loadSchema } from '../../src/adapters/avro/schemas.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import { readCommitted } from '../support/kafka/read-committed.ts';
import { describeKafka, brokers } from '../support/kafka/suite.ts';
import { startRegistry } from '../support/kafka/registry.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { kafkaGroup } from './kafka-group.ts';
import { removeFolder } from '../support/remove-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'freshet-replay-kafka-'));
afterAll(() => removeFolder(folder));

function givenFile(name: string, count: number): string {
  const path = join(folder, name);
  const rows = Array.from({ length: count }, (_, i) => `u${i % 37},i${i % 11},${1 + (i % 5)},${1e9 + i}`);
  writeFileSync(path, ['userId,itemId,rating,timestamp', ...rows].join('\n'));
  return path;
}

const scale = { lo: 1, hi: 5 };
const codec = createCodec({ scale, nowMs: () => Date.now() });

describeKafka('freshet replay --brokers', () => {
  test('puts each rating into the partition of its user, in time order, with the id that it has everywhere', async () => {
    const { flags, topics } = await kafkaGroup(3);
    const file = givenFile('ordered.csv', 5000);
    const report = await runForJson('replay', '--ratings', file, '--scale', '1..5', ...flags);
    expect(report).toMatchObject({ ratings: 5000, sent: 5000, accepted: 5000, rejected: 0 });
    const records = await readCommitted(brokers, topics.ratings);
    const ratings = records.map(({ value }) => codec.decodeRating(value!));
    expect(records.map(({ key }) => key)).toEqual(ratings.map(({ userId }) => userId));
    expect(records.map(({ partition }) => partition)).toEqual(
      records.map(({ key }) => partitionOf(Buffer.from(key!), 3)),
    );
    expect(ratings.map(({ ratedAtMs }) => ratedAtMs / 1000 - 1e9).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 5000 }, (_, i) => i),
    );
    for (const partition of [0, 1, 2]) {
      const times = ratings.filter((_, i) => records[i]!.partition === partition).map(({ ratedAtMs }) => ratedAtMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    expect(new Set(ratings.map(({ eventId }) => eventId)).size).toBe(5000);
  });

  test('is learned once, whether it goes on with --skip or is sent again', async () => {
    const group = await kafkaGroup(2);
    const file = givenFile('again.csv', 400);
    const send = (...more: string[]) =>
      runForJson('replay', '--ratings', file, '--scale', '1..5', ...group.flags, ...more);
    expect(await send('--skip', '100')).toMatchObject({ sent: 300 });
    expect(await send('--rate', '4000')).toMatchObject({ sent: 400 });
    const worker = await group.worker();
    try {
      const learned = (): number[] => {
        const counts = [...worker.worker.tasks.values()].map((task) => [task.counts.applied, task.committedOffset]);
        return [0, 1].map((column) => counts.reduce((sum, count) => sum + count[column]!, 0));
      };
      await expect.poll(learned).toEqual([400, 700]);
    } finally {
      await worker.stop();
    }
  });

  test('takes the scale of what the group has learned, and leaves out what is outside of it', async () => {
    const group = await kafkaGroup(2);
    const worker = await group.worker({ scale: { lo: 1, hi: 4 } });
    const file = givenFile('scaled.csv', 50);
    await runForJson('replay', '--ratings', file, '--scale', '1..4', ...group.flags);
    await expect
      .poll(() => [...worker.worker.tasks.values()].reduce((sum, task) => sum + task.committedOffset, 0))
      .toBe(40);
    await worker.stop();
    const report = await runForJson('replay', '--ratings', file, ...group.flags);
    expect(report).toMatchObject({ ratings: 40, badLines: 10, accepted: 40 });
  });

  test('frames ratings for a registry, where it puts the schema once', async () => {
    if (!inject('hasRegistry')) return;
    const registry = await startRegistry();
    try {
      const { flags, topics } = await kafkaGroup(1);
      const file = givenFile('framed.csv', 20);
      const send = () =>
        runForJson('replay', '--ratings', file, '--scale', '1..5', '--registry-url', registry.url, ...flags);
      await send();
      await send();
      const values = (await readCommitted(brokers, topics.ratings)).map(({ value }) => value!);
      const [id] = new Set(values.map((value) => codec.schemaIdOf(value)));
      const { schema } = (await (await fetch(`${registry.url}/schemas/ids/${id}`)).json()) as { schema: string };
      expect(JSON.parse(schema)).toMatchObject({ name: 'RatingEvent' });
      const reading = createCodec({ scale, nowMs: () => Date.now(), schemaById: () => loadSchema('rating-event') });
      expect(values.map((value) => reading.decodeRating(value).userId)).toHaveLength(40);
      expect(await (await fetch(`${registry.url}/subjects/${topics.ratings}-value/versions`)).json()).toHaveLength(1);
    } finally {
      await registry.stop();
    }
  });

  test('says which topic is missing, and what makes it', async () => {
    const file = givenFile('nowhere.csv', 5);
    const { code, stderr } = await runCommand(
      ...['replay', '--ratings', file, '--brokers', brokers.join(','), '--topics', 'ratings=nobody-made-this'],
    );
    expect(code).toBe(2);
    expect(stderr).toContain('nobody-made-this does not exist');
    expect(stderr).toContain('freshet topics create');
  });
});
