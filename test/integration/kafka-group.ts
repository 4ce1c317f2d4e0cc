/** Workers of one group in this process, by the same composition that `freshet run` makes. */
import { Partitioners } from 'kafkajs';
import { startKafkaWorker, type KafkaWorker } from '../../src/cli/kafka-worker.ts';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { partitionOfRecord } from '../support/flow-inputs.ts';
import { flowCodec, flowScale, silentLog, smallSettings } from '../support/flow-worker.ts';
import { brokers, uniqueName } from '../support/kafka/suite.ts';
import { testClient, topicsOfApp } from '../support/kafka/topics.ts';
import { until } from '../support/kafka/until.ts';

export type KafkaGroup = Awaited<ReturnType<typeof createKafkaGroup>>;

export async function createKafkaGroup(partitionCount: number, recommendations = 0) {
  const app = uniqueName('group');
  const topics = topicsOfApp(app);
  const workers: KafkaWorker[] = [];
  const client = testClient(brokers);
  const admin = client.admin();
  // The partitioner of Java's clients, which the workers go by.
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);

  async function appliedEverywhere(): Promise<void> {
    const ends = await admin.fetchTopicOffsets(topics.ratings);
    const [group] = await admin.fetchOffsets({ groupId: app, topics: [topics.ratings] });
    const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    await until('all ratings are committed', () =>
      Promise.resolve(
        ends.every(({ partition, high }) => {
          const held = workers.map(({ worker }) => worker.tasks.get(partition)?.committedOffset ?? -1);
          return Math.max(committed.get(partition) ?? 0, ...held) >= Number(high);
        }),
      ),
    );
  }

  return {
    app,
    topics,
    workers,
    async join(): Promise<KafkaWorker> {
      const worker = await startKafkaWorker({
        settings: smallSettings,
        scale: flowScale,
        codec: flowCodec,
        log: silentLog,
        checkpointEvents: 1000,
        checkpointMs: 20,
        maxUsers: 1e6,
        maxItems: 1e6,
        connection: { brokers, clientId: app, log: silentLog },
        topics,
        app,
        delivery: 'exactly-once',
        onLostOffset: 'stop',
        maxBacklog: 100_000,
        createPartitions: partitionCount,
        recommendations,
      });
      workers.push(worker);
      return worker;
    },
    /** Appends ratings and tombstones; resolves once they are learned and committed. */
    async send(...records: readonly OutputRecord[]): Promise<void> {
      const log = workers[0]!.ratingsLog;
      for (const record of records) await log.append(partitionOfRecord(record, partitionCount), [record]);
      await appliedEverywhere();
    },
    async ask(...messages: readonly { readonly key: string; readonly value: string | Buffer }[]): Promise<void> {
      await producer.send({ topic: topics.requests, messages: [...messages], acks: -1 });
    },
    async committedOffset(topic: string, partition: number): Promise<number> {
      const [answer] = await admin.fetchOffsets({ groupId: app, topics: [topic] });
      return Number(answer!.partitions.find((each) => each.partition === partition)!.offset);
    },
    async stop(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
