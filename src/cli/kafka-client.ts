/** What the operators' commands on Kafka share: a client from the settings, closed afterwards. No group is joined. */
import type { Kafka } from 'kafkajs';
import type { KafkaTopics } from '../adapters/kafka/changelog.ts';
import { createKafka } from '../adapters/kafka/connection.ts';
import { createPartitionReader } from '../adapters/kafka/partition-reader-kafkajs.ts';
import type { PartitionReader } from '../adapters/kafka/partition-reader.ts';
import { partitionCounts } from '../adapters/kafka/topics.ts';
import { createLog } from '../adapters/logging/log.ts';
import { UsageError } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { Values } from '../setting.ts';
import type { CommandIo } from './command.ts';
import { connectionOf, topicsOf, type kafkaSettings } from './kafka-settings.ts';

export interface KafkaClient {
  readonly kafka: Kafka;
  readonly app: string;
  readonly topics: KafkaTopics;
  readonly brokers: readonly string[];
  /** Of the ratings topic. */
  readonly partitionCount: number;
  /** Whether one of the topics is there. */
  has(topic: keyof KafkaTopics): boolean;
  readonly reader: PartitionReader;
  readonly log: Log;
}

/**
 * Throws UsageError with every needed topic that is not there. Commands say themselves what went wrong: the client's own
 * retries are not logged.
 */
export async function withKafka<T>(
  values: Values<typeof kafkaSettings>,
  { stderr }: Pick<CommandIo, 'stderr'>,
  needed: readonly (keyof KafkaTopics)[],
  work: (client: KafkaClient) => Promise<T>,
): Promise<T> {
  const { app, brokers } = values;
  if (brokers === undefined) throw new UsageError(['--brokers is missing: give at least one broker as host:port']);
  const log = createLog('error', stderr);
  const connection = connectionOf(values, brokers, log);
  const topics = topicsOf(values);
  const kafka = createKafka(connection);
  const found = await partitionCounts({ kafka, brokers, topics });
  const missing = needed.map((role) => topics[role]).filter((topic) => !found.has(topic));
  if (missing.length > 0) {
    throw new UsageError(
      missing.map(
        (topic) =>
          `the topic ${topic} does not exist at ${brokers.join(',')}; name the right one with --topics, or make it with freshet topics create`,
      ),
    );
  }
  const partitionCount = found.get(topics.ratings) ?? 0;
  const reader = createPartitionReader(connection);
  try {
    return await work({
      ...{ kafka, app, topics, brokers, partitionCount, reader, log },
      has: (role) => found.has(topics[role]),
    });
  } finally {
    await reader.close();
  }
}

export const partitionsOf = ({ partitionCount }: { readonly partitionCount: number }): number[] =>
  Array.from({ length: partitionCount }, (_, partition) => partition);
