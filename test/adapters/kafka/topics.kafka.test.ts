import { expect, test } from 'vitest';
import { defaultTopics, type KafkaTopics } from '../../../src/adapters/kafka/changelog.ts';
import { createKafka } from '../../../src/adapters/kafka/connection.ts';
import { topicProblems, type TopicState } from '../../../src/adapters/kafka/topic-problems.ts';
import { topicSettings } from '../../../src/adapters/kafka/topic-settings.ts';
import { checkTopics, createTopics } from '../../../src/adapters/kafka/topics.ts';
import { brokers, describeKafka, uniqueName } from '../../support/kafka/suite.ts';
import { createTopics as createPlainTopics } from '../../support/kafka/topics.ts';
import { quiet } from './given-reader.ts';

function given() {
  const app = uniqueName('topics');
  const topics = Object.fromEntries(
    Object.entries(defaultTopics).map(([role, name]) => [role, `${app}-${String(name)}`]),
  ) as unknown as KafkaTopics;
  const kafka = createKafka({ brokers, clientId: 'freshet-test', log: quiet });
  return { topics, options: { kafka, brokers, topics } };
}

describeKafka('topics', () => {
  test('are found in order after they were created, and are created once', async () => {
    const { topics, options } = given();
    expect((await checkTopics(options)).map(({ topic }) => topic)).toEqual(Object.values(topics));
    expect(await createTopics({ ...options, partitionCount: 3 })).toEqual(Object.values(topics));
    expect(await checkTopics(options)).toEqual([]);
    expect(await createTopics({ ...options, partitionCount: 3 })).toEqual([]);
  });

  test('get as many partitions as the ratings topic that is there', async () => {
    const { topics, options } = given();
    await createPlainTopics(brokers, [{ topic: topics.ratings, numPartitions: 2 }]);
    expect(await createTopics({ ...options, partitionCount: 9 })).not.toContain(topics.ratings);
    expect(await checkTopics(options)).toEqual([]);
  });

  test('are not created before somebody says how many partitions', async () => {
    await expect(createTopics(given().options)).rejects.toMatchObject({ code: 'FRESHET_USAGE' });
  });

  test('are not created with more replicas than there are brokers, and the broker says so', async () => {
    const creating = createTopics({ ...given().options, partitionCount: 1, replicationFactor: 99 });
    await expect(creating).rejects.toMatchObject({
      code: 'FRESHET_BROKER',
      message: expect.stringContaining('INVALID_REPLICATION_FACTOR') as string,
    });
  });

  test('whose policies or partitions differ are found, each with the command that mends it', async () => {
    const { topics, options } = given();
    await createPlainTopics(brokers, [
      { topic: topics.ratings, numPartitions: 3, configEntries: [{ name: 'retention.ms', value: '60000' }] },
      { topic: topics.predictions, numPartitions: 2 },
      { topic: topics.users, numPartitions: 3 },
      { topic: topics.items, numPartitions: 2, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
    ]);
    const problems = await checkTopics(options);
    const found = problems.map(({ topic, severity, command }) => ({ topic, severity, command }));
    const at = `--bootstrap-server ${brokers.join(',')}`;
    const set = (topic: string, setting: string): string =>
      `kafka-configs.sh ${at} --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`;
    expect(found).toMatchObject([
      { topic: topics.ratings, severity: 'warning', command: set(topics.ratings, 'retention.ms=604800000') },
      {
        topic: topics.predictions,
        severity: 'error',
        command: `kafka-topics.sh ${at} --alter --topic ${topics.predictions} --partitions 3`,
      },
      ...['recommendations', 'requests', 'answers', 'deadLetters', 'receipts'].map((role) => ({
        topic: topics[role as keyof KafkaTopics],
        severity: 'error',
        command: expect.stringContaining('freshet topics create') as string,
      })),
      { topic: topics.users, severity: 'error', command: set(topics.users, 'cleanup.policy=compact') },
      { topic: topics.users, severity: 'warning', command: expect.stringContaining('segment.bytes=') as string },
      { topic: topics.items, severity: 'error', command: expect.stringContaining('--delete') as string },
      { topic: topics.items, severity: 'warning', command: expect.stringContaining('segment.bytes=') as string },
      { topic: topics.items, severity: 'warning', command: set(topics.items, 'min.compaction.lag.ms=3600000') },
      { topic: topics.models, severity: 'error', command: expect.stringContaining('freshet topics create') as string },
    ]);
    expect(problems.find(({ topic }) => topic === topics.items)!.problem).toMatch(
      /has 2 partitions where .* has 3: users are now sent to other partitions/,
    );
  });
});

test('a topic with the settings it is created with has no problem, and a compacted ratings topic has one', () => {
  const states = (over: Partial<Record<keyof KafkaTopics, Record<string, string>>> = {}): Map<string, TopicState> =>
    new Map(
      (Object.keys(defaultTopics) as (keyof KafkaTopics)[]).map((role) => [
        defaultTopics[role],
        { partitionCount: 1, settings: { ...topicSettings[role], ...over[role] } },
      ]),
    );
  expect(topicProblems(defaultTopics, states(), ['b:1'])).toEqual([]);
  const compacted = states({
    ratings: { 'cleanup.policy': 'compact,delete' },
    recommendations: { 'cleanup.policy': 'delete' },
    users: { 'cleanup.policy': 'compact,delete' },
  });
  expect(topicProblems(defaultTopics, compacted, ['b:1'])).toMatchObject([
    { topic: 'ratings', severity: 'error' },
    { topic: 'recommendations', severity: 'error' },
    { topic: 'freshet-users', severity: 'error' },
  ]);
});
