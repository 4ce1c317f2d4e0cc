/** A worker on Kafka: a member of the group that `app` names. */
import type { KafkaTopics } from '../adapters/kafka/changelog.ts';
import type { KafkaConnectionOptions } from '../adapters/kafka/connection.ts';
import type { KafkaRatingsLog } from '../adapters/kafka/ratings-log.ts';
import type { OnLostOffset } from '../adapters/kafka/retained-offset.ts';
import { UsageError } from '../errors.ts';
import type { DeadLetterBox } from '../ports/dead-letters.ts';
import type { ModelStore } from '../ports/models.ts';
import type { Peers } from '../ports/peers.ts';
import type { SchemaSource } from '../ports/schema-source.ts';
import { RecentPredictions } from '../stream/recent-predictions.ts';
import { openSnapshotOf } from './local-snapshot.ts';
import { createFailure, prepareWorker, type RunningWorker, type WorkerOptions } from './start-worker.ts';

export interface KafkaWorkerOptions extends WorkerOptions {
  readonly connection: KafkaConnectionOptions;
  readonly topics: KafkaTopics;
  readonly app: string;
  readonly delivery: 'exactly-once' | 'at-least-once';
  readonly onLostOffset: OnLostOffset;
  readonly maxBacklog: number;
  /** 10 s when not given. */
  readonly sessionTimeoutMs?: number;
  /** Partitions of a ratings topic that is to be created when it is not there; undefined creates nothing. */
  readonly createPartitions?: number | undefined;
  readonly replicationFactor?: number | undefined;
  readonly schemas?: SchemaSource | undefined;
  /** Folder for the local snapshot; without it every restore reads the changelogs. */
  readonly data?: string | undefined;
}

export interface KafkaWorker extends RunningWorker {
  readonly ratingsLog: KafkaRatingsLog;
  readonly recent: RecentPredictions;
  readonly peers: Peers;
  readonly partitionCount: number;
  readonly models: ModelStore;
  readonly letters: DeadLetterBox;
  /** Ratings that the topic has ever held. */
  readonly ratingsLogged: () => Promise<number>;
  /**
   * Joins the group and works; `address` is where its members reach this worker's HTTP interface. Resolves once what the
   * group gave it at first is restored. Call `stop` when it fails, too.
   */
  readonly begin: (address: string | null) => Promise<void>;
}

/** Opens a worker that nobody has to find over HTTP, and lets it begin. */
export async function startKafkaWorker(options: KafkaWorkerOptions): Promise<KafkaWorker> {
  const worker = await openKafkaWorker(options);
  try {
    await worker.begin(null);
    return worker;
  } catch (error) {
    await worker.stop().catch(() => undefined);
    throw error;
  }
}

/** Checks the topics (and creates them when asked to). `stop` closes all that was opened. */
export async function openKafkaWorker(options: KafkaWorkerOptions): Promise<KafkaWorker> {
  const [
    { createKafka },
    { assertAdmitted },
    { createPartitionReader },
    { createItemFeed },
    { createKafkaTransport },
    { createGroupPeers },
    { expectedShare },
    { assignSticky },
    { createWarmValues },
    { logProgress },
    logs,
    admin,
    { changelogValues, countingReads },
    { openKafkaModelTable },
    { createModelStore },
    { boxOnKafka },
  ] = await Promise.all([
    import('../adapters/kafka/connection.ts'),
    import('../adapters/kafka/first-contact.ts'),
    import('../adapters/kafka/partition-reader-kafkajs.ts'),
    import('../adapters/kafka/item-feed.ts'),
    import('../adapters/kafka/transport.ts'),
    import('../adapters/kafka/group-peers.ts'),
    import('../adapters/kafka/expected-share.ts'),
    import('../adapters/kafka/assigner.ts'),
    import('../adapters/kafka/warm-values.ts'),
    import('../adapters/kafka/restore.ts'),
    import('../adapters/kafka/ratings-log.ts'),
    import('../adapters/kafka/topics.ts'),
    import('../adapters/kafka/latest-values.ts'),
    import('../adapters/kafka/model-table.ts'),
    import('../adapters/models/model-store.ts'),
    import('./dead-letters/box-on-kafka.ts'),
  ]);
  const { connection, topics, app, log } = options;
  await assertAdmitted(connection);
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
  // A worker waits for brokers as long as they are away, as its checkpoints do.
  const reader = createPartitionReader({ ...connection, patienceMs: Infinity });
  const snapshot = await openSnapshotOf({ ...options, kafka, topicAdmin, reader, partitionCount }).catch(
    async (error: unknown) => {
      await reader.close();
      throw error;
    },
  );
  const reads = { fromDisk: 0, fromChangelog: 0 };
  const warm = createWarmValues({ latest: snapshot?.latest ?? changelogValues(reader, topics), reader, topics });
  const latest = countingReads(warm, reads);
  const feed = createItemFeed({ reader, topic: topics.items, partitionCount, latest });
  const ratingsLog = await logs.openRatingsLog({ ...options, kafka, topic: topics.ratings, groupId: app });
  const modelTable = openKafkaModelTable({ kafka, reader, topic: topics.models, app, log });
  const models = createModelStore(modelTable);
  const recent = new RecentPredictions();
  const failure = createFailure();
  let address: string | null = null;
  const logRestore = logProgress(log);
  const transport = createKafkaTransport({
    ...options,
    kafka,
    reader,
    partitionCount,
    address: () => address,
    onAssigned(partitions) {
      warm.keep(partitions);
      peers.forget();
      telemetry.rebalanced();
    },
    itemsReached: (partition, position) => feed.ownReached(partition, position),
    onProgress(progress) {
      logRestore(progress);
      telemetry.restoring(progress.partition, progress.topic, progress.doneRatio);
    },
    latest,
    onRestored: (partition, { fromDisk, fromChangelog }) =>
      log.info({ partition, fromDisk, fromChangelog }, 'rows of a partition read'),
    onFatal: failure.fail,
  });
  const peers = createGroupPeers({ owners: () => transport.owners(), self: () => address, log });
  const { schemas } = options;
  const close = async (): Promise<void> => {
    await Promise.allSettled([ratingsLog.close(), snapshot?.close(), modelTable.close()]);
    await reader.close().catch(() => undefined);
  };
  const running = prepareWorker(
    {
      // What still reads does so for nobody then, and would wait for brokers that are away.
      transport: { ...transport, stop: () => transport.stop().finally(() => reader.close()) },
      feed,
      models,
      topic: topics.ratings,
      requestsTopic: topics.requests,
      ratingsLog,
      waiting: () => waitingIn(transport.assigned() ?? [], ratingsLog.lag()),
      failure,
      ours: () => transport.assigned(),
      wrap: (worker) => recent.tap(worker),
      ...(schemas === undefined ? {} : { schemas }),
    },
    // There is no local store to fetch an evicted row from: all of them stay.
    { ...options, maxUsers: Infinity, maxItems: Infinity, isEager: true },
  );
  const { telemetry } = running;
  telemetry.attach({ lag: () => ratingsLog.lag(), restoreReads: () => reads });
  const leaving = new AbortController();
  const isLeaving = (): boolean => leaving.signal.aborted;
  const letters = boxOnKafka({
    ...{ kafka, brokers: connection.brokers, app, topics, partitionCount, codec: options.codec, schemas },
    openReader: () => createPartitionReader(connection),
    signal: leaving.signal,
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    leaving.abort();
    return (stopped ??= running.stop().finally(close));
  };
  /** Who joins takes partitions from members that work, and these stand still until it is done. */
  const readAhead = async (): Promise<void> => {
    const group = { kafka, groupId: app, topic: topics.ratings, partitionCount, assign: assignSticky };
    const partitions = await expectedShare(group).catch((error: unknown) => {
      log.warn({ reason: String(error) }, 'the group cannot be asked who is in it');
      return null;
    });
    if (partitions === null) return;
    log.info({ partitions }, 'reading ahead of what others work on');
    await running.worker.follow();
    // A local snapshot is ahead as it is.
    if (snapshot === undefined) await warm.warm(partitions);
  };
  const begin = async (reachedAt: string | null): Promise<void> => {
    address = reachedAt;
    await readAhead().catch((error: unknown) => {
      if (!isLeaving()) throw error;
    });
    if (!isLeaving()) await running.begin();
  };
  const ratingsLogged = async (): Promise<number> => {
    const all = Array.from({ length: partitionCount }, (_, partition) => partition);
    return [...(await reader.ends(topics.ratings, all)).values()].reduce((sum, end) => sum + end, 0);
  };
  return { ...running, begin, stop, ratingsLog, recent, peers, partitionCount, models, letters, ratingsLogged };
}

function waitingIn(partitions: readonly number[], lag: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const partition of partitions) sum += lag.get(partition) ?? 0;
  return sum;
}
