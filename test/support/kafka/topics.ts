import { Kafka, logLevel, type ITopicConfig, type KafkaConfig, KafkaJSAggregateError } from 'kafkajs';
import { defaultTopics, type KafkaTopics } from '../../../src/adapters/kafka/changelog.ts';
import { until } from './until.ts';

/** Names of every topic of an application that shares none with others. */
export function topicsOfApp(app: string): KafkaTopics {
  const topics: Record<string, string> = {};
  for (const [role, name] of Object.entries<string>({ ...defaultTopics })) topics[role] = `${app}-${name}`;
  return { ...defaultTopics, ...topics };
}

/** A client for a test's own doings. It says nothing and retries quickly. */
export function testClient(brokers: readonly string[], options: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    clientId: 'freshet-test',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 5, maxRetryTime: 500, retries: 20 },
    ...options,
    // kafkajs writes an authenticator into this object, which keeps the old password in every copy made of it later.
    ...(options.sasl && { sasl: { ...options.sasl } }),
  });
}

/** Creates topics; resolves when every partition has a leader. */
export async function createTopics(brokers: readonly string[], topics: readonly ITopicConfig[]): Promise<void> {
  const admin = testClient(brokers).admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [...topics], waitForLeaders: false }).catch((error: unknown) => {
      if (error instanceof KafkaJSAggregateError) throw error.errors[0] as unknown;
      throw error;
    });
    const names = topics.map(({ topic }) => topic);
    await until(`leaders of ${names.join(', ')}`, async () => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: names }).catch(() => ({ topics: [] }));
      return found.length === names.length && found.every((one) => one.partitions.every(({ leader }) => leader >= 0));
    });
  } finally {
    await admin.disconnect();
  }
}

/** Sends the records, acknowledged by all replicas. */
export async function produce(
  brokers: readonly string[],
  topic: string,
  messages: readonly { key?: string | Buffer | null; value: string | Buffer | null; partition?: number }[],
): Promise<void> {
  const producer = testClient(brokers).producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [...messages], acks: -1 });
  } finally {
    await producer.disconnect();
  }
}
