/** Topics, transports and readers on a real broker, under names that no other test uses. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Partitioners, type Kafka } from 'kafkajs';
import type { KafkaTopics } from '../../../src/adapters/kafka/changelog.ts';
import { clusterOf } from '../../../src/adapters/kafka/cluster-of.ts';
import { createItemFeed } from '../../../src/adapters/kafka/item-feed.ts';
import { createPartitionReader } from '../../../src/adapters/kafka/partition-reader-kafkajs.ts';
import { topicRoles, topicSettings } from '../../../src/adapters/kafka/topic-settings.ts';
import { createKafkaTransport, type KafkaTransportOptions } from '../../../src/adapters/kafka/transport.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { OutputRecord } from '../../../src/ports/transport.ts';
import { brokers } from '../../support/kafka/suite.ts';
import { createTopics, topicsOfApp } from '../../support/kafka/topics.ts';
import { createCuttableClient } from './cuttable-client.ts';

const shout = process.env.KAFKA_LOG !== undefined;
const say = (fields: object, message: string): void => {
  if (shout) console.log(Math.round(performance.now()), message, JSON.stringify(fields));
};
export const quietLog: Log = { debug: say, info: say, warn: say, error: say };

export type MemberOverrides = Partial<KafkaTransportOptions> & {
  readonly wrapKafka?: (kafka: Kafka) => Kafka;
};
export type KafkaRig = Awaited<ReturnType<typeof createKafkaRig>>;

export async function createKafkaRig({ partitionCount }: { readonly partitionCount: number }) {
  const app = `t${randomBytes(5).toString('hex')}`;
  const topics = topicsOfApp(app);
  const { kafka } = createCuttableClient([...brokers]);
  const admin = kafka.admin();
  await admin.connect();
  await createTopics(
    brokers,
    topicRoles.map((role) => ({
      topic: topics[role],
      numPartitions: partitionCount,
      configEntries: [{ name: 'cleanup.policy', value: topicSettings[role]['cleanup.policy'] ?? 'delete' }],
    })),
  );
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 20, retries: 10 },
  });
  await producer.connect();
  const reader = createPartitionReader({ brokers, clientId: 'freshet-test', log: quietLog });
  const uncommitted = clusterOf(kafka, { readUncommitted: true });
  await uncommitted.connect();
  const closing: (() => Promise<unknown>)[] = [
    () => admin.disconnect(),
    () => producer.disconnect(),
    () => reader.close(),
    () => uncommitted.disconnect(),
  ];

  async function read(topic: keyof KafkaTopics, partition = 0) {
    const found: { offset: number; key: string | null; value: string | null }[] = [];
    const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
    await reader.readToEnd(topics[topic], partition, 0, ({ offset, key, value }) => {
      found.push({ offset, key: text(key), value: text(value) });
    });
    return found;
  }

  return {
    app,
    topics,
    kafka,
    admin,
    reader,
    partitionCount,
    read,
    async append(partition: number, records: readonly OutputRecord[]): Promise<number> {
      const messages = records.map(({ key, value }) => ({
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        partition,
      }));
      const [written] = await producer.send({ topic: topics.ratings, messages });
      return Number(written!.baseOffset);
    },
    /** A member of the group; `cut` is its sudden death. */
    member({ wrapKafka = (same) => same, ...overrides }: MemberOverrides = {}) {
      const client = createCuttableClient([...brokers]);
      const items = createItemFeed({ reader, topic: topics.items, partitionCount });
      const transport = createKafkaTransport({
        kafka: wrapKafka(client.kafka),
        reader,
        topics,
        partitionCount,
        app,
        delivery: 'exactly-once',
        onLostOffset: 'stop',
        address: () => null,
        itemsReached: (partition, position) => items.ownReached(partition, position),
        log: quietLog,
        onFatal: (error) => {
          throw error;
        },
        sessionTimeoutMs: 1000,
        heartbeatMs: 100,
        lastWriteMs: 300,
        ...overrides,
      });
      let isCut = false;
      closing.unshift(() => Promise.race([transport.stop(), delay(isCut ? 50 : 5000)]));
      return {
        transport,
        items,
        cut() {
          isCut = true;
          client.cut();
        },
      };
    },
    /** As retention does. */
    async deleteRatingsBefore(offset: number): Promise<void> {
      await admin.fetchTopicOffsets(topics.ratings); // it deletes by the metadata it has
      await admin.deleteTopicRecords({ topic: topics.ratings, partitions: [{ partition: 0, offset: String(offset) }] });
    },
    /** One past the last record, committed or not. */
    async highWatermark(topic: string, partition: number): Promise<number> {
      for (let tries = 0; ; tries++) {
        try {
          await uncommitted.addTargetTopic(topic);
          const partitions = [{ partition }];
          const [answer] = await uncommitted.fetchTopicsOffset([{ topic, partitions, fromBeginning: false }]);
          return Number(answer!.partitions[0]!.offset);
        } catch (error) {
          // The leaders of a new topic are not known everywhere at once.
          if (tries === 50) throw error;
          await delay(10);
          await uncommitted.refreshMetadata();
        }
      }
    },
    async committedOffset(partition: number, topic = topics.ratings): Promise<number> {
      const [answer] = await admin.fetchOffsets({ groupId: app, topics: [topic] });
      return Number(answer!.partitions.find((each) => each.partition === partition)!.offset);
    },
    async close(): Promise<void> {
      for (const close of closing) await close().catch(() => undefined);
    },
  };
}
