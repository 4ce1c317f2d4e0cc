/** The local snapshot of a worker on Kafka (`run --brokers .. --data DIR`): a store on this disk, fed from the changelogs. */
import type { Kafka } from 'kafkajs';
import type { KafkaTopics } from '../adapters/kafka/changelog.ts';
import type { KafkaConnectionOptions } from '../adapters/kafka/connection.ts';
import type { LatestValues } from '../adapters/kafka/latest-values.ts';
import type { PartitionReader } from '../adapters/kafka/partition-reader.ts';
import type { TopicAdminOptions } from '../adapters/kafka/topics.ts';
import { rowLayout } from '../model/row-layout.ts';
import type { Log } from '../ports/log.ts';

export interface LocalSnapshotOptions {
  /** The folder; undefined for none. */
  readonly data?: string | undefined;
  readonly kafka: Kafka;
  readonly topicAdmin: TopicAdminOptions;
  readonly connection: KafkaConnectionOptions;
  readonly topics: KafkaTopics;
  readonly app: string;
  readonly reader: PartitionReader;
  readonly partitionCount: number;
  readonly log: Log;
}

export interface LocalSnapshot {
  readonly latest: LatestValues;
  /** Brings it up to date, if that takes no more than a moment. */
  readonly close: () => Promise<void>;
}

/** Following in the background holds one fetch of this size, and a part of it may be fetched again. */
const followFetchBytes = 1024 * 1024;

/** Resolves with undefined when no folder was given. Throws when the folder is held by another process, or holds something else. */
export async function openSnapshotOf(options: LocalSnapshotOptions): Promise<LocalSnapshot | undefined> {
  const { data, kafka, topicAdmin, connection, topics, app, reader, partitionCount, log } = options;
  if (data === undefined) return undefined;
  const [{ openSnapshot }, { createLocalViews }, { topicIdentity }, { createPartitionReader }, admin] =
    await Promise.all([
      import('../adapters/embedded/snapshot-store.ts'),
      import('../adapters/kafka/local-views.ts'),
      import('../adapters/kafka/changelog-identity.ts'),
      import('../adapters/kafka/partition-reader-kafkajs.ts'),
      import('../adapters/kafka/topics.ts'),
    ]);
  const { clusterId, topicIds } = await topicIdentity(kafka, [topics.users, topics.items], connection.brokers);
  const keptMs = await admin.deletionsKeptMs(topicAdmin);
  const { users, items } = topics;
  const views = await openSnapshot({
    folder: data,
    identity: { cluster: clusterId, app, users, items, topicIds: topicIds.join(' '), partitionCount, rowLayout },
    partitionCount,
    log,
  });
  const latest = createLocalViews({
    views,
    reader,
    openReader: () => createPartitionReader({ ...connection, maxFetchBytes: followFetchBytes }),
    topics,
    partitionCount,
    maxAgeMs: keptMs / 2,
    nowMs: () => Date.now(),
    log,
  });
  return { latest, close: () => latest.close() };
}
