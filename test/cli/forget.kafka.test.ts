import { expect, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import { readCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka } from '../support/kafka/suite.ts';
import { produce } from '../support/kafka/topics.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { kafkaGroup, type KafkaGroup } from './kafka-group.ts';

const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });

async function givenRatings({ topics }: KafkaGroup, partitionCount: number): Promise<void> {
  const users = ['u1', 'u2', 'u3', 'u4'];
  const messages = users.flatMap((userId) =>
    ['i1', 'i2'].map((itemId, i) => ({
      key: userId,
      value: Buffer.from(
        codec.encodeRating({ userId, itemId, rating: 4, ratedAtMs: 5e11 + i, eventId: null, weight: 1 }),
      ),
      partition: partitionOf(Buffer.from(userId), partitionCount),
    })),
  );
  await produce(brokers, topics.ratings, messages);
}

describeKafka('freshet forget --brokers', () => {
  test('reports the receipt of the worker that did it', async () => {
    const group = await kafkaGroup(3);
    await givenRatings(group, 3);
    const worker = await group.worker();
    try {
      const forget = () => runForJson('forget', 'user', 'u1', ...group.flags);
      const home = partitionOf(Buffer.from('u1'), 3);
      const first = await forget();
      expect(first).toMatchObject({ userId: 'u1', partition: home, known: true, rememberedRatings: 2 });
      expect(Date.parse(String(first['forgottenAt']))).toBeGreaterThan(Date.now() - 60_000);
      const tombstones = (await readCommitted(brokers, group.topics.ratings)).filter(({ value }) => value === null);
      expect(tombstones).toMatchObject([{ key: 'u1', partition: home, offset: first['offset'] }]);
      expect(await runCommand('inspect', 'user', 'u1', ...group.flags)).toMatchObject({ code: 1 });
      expect(await runForJson('inspect', 'user', 'u2', ...group.flags)).toMatchObject({ known: true });
      // Its own receipt, not the first one.
      expect(await forget()).toMatchObject({ known: false, rememberedRatings: 0 });
    } finally {
      await worker.stop();
    }
  });

  test('says that the tombstone is durable when no worker has come to it, and one does it later', async () => {
    const group = await kafkaGroup(1);
    await givenRatings(group, 1);
    const { code, stdout } = await runCommand('forget', 'user', 'u1', '--wait', '0.3', ...group.flags);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'tombstone at offset 8 of partition 0 is durable, and no worker has processed it within 0.3 s',
    );
    const unasked = await runForJson('forget', 'user', 'u2', '--wait', '0', ...group.flags);
    expect(unasked).toMatchObject({ offset: 9, known: null, forgottenAt: null });
    const worker = await group.worker();
    await expect.poll(() => worker.worker.tasks.get(0)?.committedOffset).toBe(10);
    await worker.stop();
    expect(await runForJson('inspect', ...group.flags)).toMatchObject({ users: 2, ratingsApplied: 8 });
  });

  test('takes no id that nobody can have', async () => {
    const group = await kafkaGroup(1);
    expect(await runCommand('forget', 'user', 'x'.repeat(257), ...group.flags)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('257 bytes'),
    });
    expect(await runForJson('inspect', ...group.flags)).toMatchObject({ pending: 0 });
  });

  test('refuses what does not go together, all at once', async () => {
    const { code, stderr } = await runCommand(
      ...['forget', 'user', 'u1', '--data', 'd', '--http', 'localhost', '--kafka-sasl', 'plain', '--wait', '3'],
    );
    expect(code).toBe(2);
    for (const said of [
      '--data and --http are given together',
      'no http address',
      '--kafka-password',
      '--wait is for',
    ]) {
      expect(stderr).toContain(said);
    }
  });
});
