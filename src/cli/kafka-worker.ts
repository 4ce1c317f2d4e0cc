/** A worker on Kafka: a member of the group that `app` names. */
import type { KafkaTopics } from '../adapters/kafka/changelog.ts';
import type { KafkaConnectionOptions } from '../adapters/kafka/connection.ts';
import type { KafkaRatingsLog } from '../adapters/kafka/ratings-log.ts';
import type { OnLostOffset } from '../adapters/kafka/retained-offset.ts';
import { UsageError } from '../errors.ts';
import type { SchemaSource } from '../ports/schema-source.ts';
import { RecentPredictions } from '../stream/recent-predictions.ts';
import { createFailure, startWorker, type RunningWorker, type WorkerOptions } from './start-worker.ts';

export interface KafkaWorkerOptions extends WorkerOptions {
  readonly connection: KafkaConnectionOptions;
  readonly topics: KafkaTopics;
  readonly app: string;
  readonly delivery: 'exactly-once' | 'at-least-once';
  readonly onLostOffset: OnLostOffset;
  readonly maxBacklog: number;
  /** Partitions of a ratings topic that is to be created when it is not there; undefined creates nothing. */
  readonly createPartitions?: number | undefined;
  readonly replicationFactor?: number | undefined;
  readonly schemas?: SchemaSource | undefined;
}

export interface KafkaWorker extends RunningWorker {
  readonly ratingsLog: KafkaRatingsLog;
  readonly recent: RecentPredictions;
  readonly partitionCount: number;
}

/** Checks the topics (and creates them when asked to), joins the group, and works. `stop` closes all that was opened. */
export async function startKafkaWorker(options: KafkaWorkerOptions): Promise<KafkaWorker> {
  const [
    { createKafka },
    { createPartitionReader },
    { createItemFeed },
    { createKafkaTransport },
    { logProgress },
    logs,
    admin,
  ] = await Promise.all([
    import('../adapters/kafka/connection.ts'),
    import('../adapters/kafka/partition-reader-kafkajs.ts'),
    import('../adapters/kafka/item-feed.ts'),
    import('../adapters/kafka/transport.ts'),
    import('../adapters/kafka/restore.ts'),
    import('../adapters/kafka/ratings-log.ts'),
    import('../adapters/kafka/topics.ts'),
  ]);
  const { connection, topics, app, log } = options;
  const kafka = createKafka(connection);
  const topicAdmin = { kafka, brokers: connection.brokers, topics };
  if (options.createPartitions !== undefined) {
    const { createPartitions: partitionCount, replicationFactor } = options;
    const created = await admin.createTopics({ ...topicAdmin, partitionCount, replicationFactor });
    if (created.length > 0) log.info({ topics: created }, 'topics created');
  }
  const problems = await admin.checkTopics(topicAdmin);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new UsageError(errors.map(({ problem, command }) => `${problem} Mend it with: ${command}`));
  for (const { topic, problem, command } of problems) log.warn({ topic, problem, command }, 'a topic could be better');

  const partitionCount = await admin.ratingsPartitionCount(topicAdmin);
  const reader = createPartitionReader(connection);
  const feed = createItemFeed({ reader, topic: topics.items, partitionCount });
  const ratingsLog = await logs.openRatingsLog({ ...options, kafka, topic: topics.ratings, groupId: app });
  const recent = new RecentPredictions();
  const failure = createFailure();
  const transport = createKafkaTransport({
    ...options,
    kafka,
    reader,
    partitionCount,
    // Reads are not forwarded yet, so nobody has to find this worker.
    address: null,
    itemsReached: (partition, position) => feed.ownReached(partition, position),
    onProgress: logProgress(log),
    onFatal: failure.fail,
  });
  const { schemas } = options;
  const close = async (): Promise<void> => {
    await Promise.allSettled([ratingsLog.close(), reader.close()]);
  };
  try {
    const running = await startWorker(
      {
        transport,
        feed,
        topic: topics.ratings,
        ratingsLog,
        failure,
        isAlone: false,
        wrap: (worker) => recent.tap(worker),
        ...(schemas === undefined ? {} : { schemas }),
      },
      // There is no local store to fetch an evicted row from: all of them stay.
      { ...options, maxUsers: Infinity, maxItems: Infinity },
    );
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopped ??= running.stop().finally(close));
    return { ...running, stop, ratingsLog, recent, partitionCount };
  } catch (error) {
    await close();
    throw error;
  }
}
