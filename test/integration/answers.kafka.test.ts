/** Requests in and answers out on Kafka, by the same composition that `freshet run` makes. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import avsc from 'avsc';
import { loadSchema } from '../../src/adapters/avro/schemas.ts';
import { rate } from '../support/flow-inputs.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka } from '../support/kafka/suite.ts';
import { testClient } from '../support/kafka/topics.ts';
import { createKafkaGroup, type KafkaGroup } from './kafka-group.ts';

const ratings = [rate('ann', 'x', 5), rate('bob', 'x', 4), rate('bob', 'y', 2), rate('cy', 'z', 3)];
const groups: KafkaGroup[] = [];
afterEach(() => Promise.all(groups.splice(0).map((group) => group.stop())));

async function given(partitionCount: number): Promise<KafkaGroup> {
  const group = await createKafkaGroup(partitionCount);
  groups.push(group);
  await group.join();
  return group;
}

const json = (requestId: string, userId: string, count = 2) => ({
  key: userId,
  value: JSON.stringify({ requestId, userId, count }),
});

describeKafka('prediction requests on Kafka', () => {
  test('are answered in every form; what cannot be goes to the dead letters with the name of its topic', async () => {
    const group = await given(1);
    const { topics } = group;
    await group.send(...ratings);
    const type = avsc.Type.forSchema(loadSchema('prediction-request') as avsc.Type);
    const request = { requestedAt: 1_767_225_600_000, userId: 'ann', itemIds: ['x', 'z'], count: null };
    await group.ask(
      json('r0', 'ann'),
      { key: 'ann', value: type.toBuffer({ ...request, requestId: 'r1' }) },
      { key: 'ann', value: '{"requestId":"bad"' },
      { key: 'ann', value: Buffer.concat([Buffer.of(0, 0, 0, 0, 7), type.toBuffer({ ...request, requestId: 'r3' })]) },
      json('r4', 'bob'),
    );
    const answers = (await awaitCommitted(brokers, topics.answers, 3)).map(({ key, value }) => ({
      key,
      ...flowCodec.decodeAnswer(value!),
    }));
    expect(answers).toMatchObject([
      { key: 'ann', requestId: 'r0', sourceOffset: 0 },
      { key: 'ann', requestId: 'r1', sourceOffset: 1, items: [{ itemId: 'x' }, { itemId: 'z' }] },
      { key: 'bob', requestId: 'r4', sourceOffset: 4 },
    ]);
    const letters = await awaitCommitted(brokers, topics.deadLetters, 2);
    expect(letters.map(({ value }) => flowCodec.decodeDeadLetter(value!))).toMatchObject([
      { code: 'FRESHET_UNDECODABLE', topic: topics.requests, offset: 2 },
      { code: 'FRESHET_UNKNOWN_SCHEMA', topic: topics.requests, offset: 3, schemaId: 7 },
    ]);
    expect(await group.committedOffset(topics.requests, 0)).toBe(5);
  });

  test('are answered soon, also when no rating comes', { timeout: 60_000 }, async () => {
    const group = await given(1);
    await group.send(...ratings);
    const { tasks } = group.workers[0]!.worker;
    const latencies: number[] = [];
    for (let i = 0; i < 100; i++) {
      const startMs = performance.now();
      await group.ask(json(`r${i}`, 'ann'));
      while (tasks.get(0)!.committedRequest !== i + 1) await delay(1);
      latencies.push(performance.now() - startMs);
    }
    latencies.sort((a, b) => a - b);
    expect(await awaitCommitted(brokers, group.topics.answers, 100)).toHaveLength(100);
    expect(latencies[98], `p50 ${latencies[50]!.toFixed(0)} ms`).toBeLessThan(200);
  });

  test('are answered once each when the group forgot how far it was', async () => {
    const group = await given(1);
    await group.send(...ratings);
    await group.ask(...Array.from({ length: 7 }, (_, i) => json(`r${i}`, 'ann')));
    await awaitCommitted(brokers, group.topics.answers, 7);
    const admin = testClient(brokers).admin();
    await admin.connect();
    await group.workers.pop()!.stop();
    await admin.deleteGroups([group.app]); // as when its offsets have expired
    await admin.disconnect();
    await group.join();
    await group.ask(json('r7', 'ann'));
    const answers = await awaitCommitted(brokers, group.topics.answers, 8);
    expect(answers.map(({ value }) => flowCodec.decodeAnswer(value!).requestId)).toEqual(
      Array.from({ length: 8 }, (_, i) => `r${i}`),
    );
  });
});
