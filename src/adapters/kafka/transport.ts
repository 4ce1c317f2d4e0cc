/**
 * The Kafka transport: this worker as a member of a consumer group, with a lease for every partition it is given.
 * Exactly once comes from one transaction a checkpoint and from fencing by partition (producer.ts, lease.ts), never from
 * what the group says: a member that the group has forgotten can write nothing once its successor has begun.
 */
import type { Kafka } from 'kafkajs';
import { InvariantViolation } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import type { Offset, Transport, TransportListener } from '../../ports/transport.ts';
import { assignSticky, type AssignPartitions } from './assigner.ts';
import { createAssignments, type Assignments } from './assignments.ts';
import type { KafkaTopics } from './changelog.ts';
import { createBatchPool } from './batch-pool.ts';
import { clusterOf } from './cluster-of.ts';
import { startDelivery } from './delivery.ts';
import { createFreshAdmin } from './fresh-admin.ts';
import { fenced, messageOf } from './kafka-error.ts';
import { changelogValues, type LatestValues } from './latest-values.ts';
import { openLease, type KafkaLease } from './lease.ts';
import { createMembership } from './membership.ts';
import { offsetOf } from './offsets.ts';
import type { PartitionReader } from './partition-reader.ts';
import { repartitioned, watchPartitionCount } from './partition-watch.ts';
import { persistently } from './persistently.ts';
import { createPlainProducer } from './plain-producer.ts';
import { createTransactionalProducer } from './producer.ts';
import { endsWithin } from './ends-within.ts';
import { createRatingsSource } from './ratings-source.ts';
import type { RestoredPositions, RestoreProgress } from './restore.ts';
import { retainedOffset, type OnLostOffset } from './retained-offset.ts';

export interface KafkaTransportOptions {
  /** One client for all. */
  readonly kafka: Kafka;
  /** Stays the caller's to close. */
  readonly reader: PartitionReader;
  readonly topics: KafkaTopics;
  readonly partitionCount: number;
  /** Names the consumer group and, with topic and partition, the transactional ids. */
  readonly app: string;
  readonly delivery: 'exactly-once' | 'at-least-once';
  readonly onLostOffset: OnLostOffset;
  /** Where other members reach this one's HTTP interface, asked at every join; null when they cannot. */
  readonly address: () => string | null;
  /** Told of every assignment by the group. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onRestored?: (partition: number, restored: RestoredPositions) => void;
  /** Where committed rows come from; the changelogs alone when not given. */
  readonly latest?: LatestValues;
  /** Everything in a partition of the items topic before this position is in a task of this worker: for the item feed. */
  readonly itemsReached: (partition: number, position: Offset) => void;
  readonly log: Log;
  /** A task is in an unknown state, or the group cannot be joined: stop the worker. The partition is -1 for the group. */
  readonly onFatal: (error: unknown, partition: number) => void;
  /** 10 s when not given: how long a member that died keeps its partitions. */
  readonly sessionTimeoutMs?: number;
  /** A twentieth of the session timeout when not given, 500 ms at most: how fast a member notices that others come or go. */
  readonly heartbeatMs?: number;
  /** 5 s when not given: how often the number of partitions is looked at. */
  readonly partitionWatchMs?: number;
  /** 20 s when not given: how long an open transaction of a dead worker can hold readers back. */
  readonly transactionTimeoutMs?: number;
  /** 5 s when not given: how long last checkpoints are tried again when the worker stops; a dead broker must not keep it. */
  readonly lastWriteMs?: number;
  /** 500 when not given. */
  readonly batchRecordCount?: number;
  /** Below the topics' max.message.bytes; 900,000 when not given. */
  readonly maxBatchBytes?: number;
  readonly assign?: AssignPartitions;
}

/** How long a farewell to brokers may take. */
const leaveMs = 3000;

export interface KafkaTransport extends Transport {
  /** What the group has assigned to this worker, restored or not; null before the first assignment. */
  assigned(): readonly number[] | null;
  /** Address by partition as the group has settled it; partitions that are moving are missing. */
  owners(): Promise<ReadonlyMap<number, string | null>>;
}

export function createKafkaTransport(options: KafkaTransportOptions): KafkaTransport {
  const { kafka, reader, topics, app, log, partitionCount, onFatal, sessionTimeoutMs = 10_000 } = options;
  const heartbeatMs = options.heartbeatMs ?? Math.min(500, sessionTimeoutMs / 20);
  const admin = createFreshAdmin(kafka);
  const cluster = clusterOf(kafka);
  const pool = createBatchPool();
  // A fetch that waits keeps its connection busy: requests would wait behind the one for ratings.
  const requestCluster = clusterOf(kafka);
  const reached = new Map<number, Offset>();
  let assignments: Assignments | null = null;
  let assigned: readonly number[] | null = null;
  let first: { readonly resolve: () => void; readonly reject: (reason: unknown) => void } | null = null;
  let started = false;
  let stopped: Promise<void> | null = null;
  let lastWriteBy = 0;
  let stopWatching = (): void => undefined;

  const checkRetained = (partition: number, offset: Offset | null): Promise<Offset> =>
    retainedOffset(reader, topics.ratings, partition, offset, options.onLostOffset, log);

  const membership = createMembership({
    kafka,
    groupId: app,
    topic: topics.ratings,
    sessionTimeoutMs,
    heartbeatMs,
    assign: options.assign ?? assignSticky,
    log,
    card() {
      const owned = assignments?.held() ?? [];
      const restored = Object.fromEntries(owned.map((partition) => [partition, reached.get(partition) ?? 0]));
      return { owned, restored, address: options.address() };
    },
    assigned(partitions) {
      if (stopped !== null) return; // a rebalance that ends meanwhile gives nothing to who is leaving
      const unknown = partitions.filter((partition) => partition >= partitionCount);
      if (unknown.length > 0) {
        fail(repartitioned(topics.ratings, partitionCount, Math.max(...unknown) + 1));
        return;
      }
      assigned = partitions;
      options.onAssigned?.(partitions);
      const settled = assignments?.want(partitions) ?? Promise.resolve();
      const { resolve, reject } = first ?? {};
      first = null;
      settled.then(resolve, reject ?? ((error: unknown) => onFatal(error, -1)));
    },
    onFatal: fail,
  });

  function fail(error: unknown): void {
    if (first === null) onFatal(error, -1);
    else first.reject(error);
    first = null;
  }

  const source = createRatingsSource({
    cluster,
    topic: topics.ratings,
    aheadRecordCount: 2 * (options.batchRecordCount ?? 500),
    maxPartitionBytes: 256 * 1024,
    outOfRange: checkRetained,
    failed: (error) => log.warn({ reason: messageOf(error) }, 'fetching ratings failed, trying again'),
  });

  const requestSource = createRatingsSource({
    cluster: requestCluster,
    topic: topics.requests,
    aheadRecordCount: 500,
    maxPartitionBytes: 256 * 1024,
    async outOfRange(partition, offset) {
      const { start } = await reader.bounds(topics.requests, partition);
      log.warn({ topic: topics.requests, partition, offset, start }, 'requests were deleted before they were answered');
      return start;
    },
    failed: (error) => log.warn({ reason: messageOf(error) }, 'fetching requests failed, trying again'),
  });

  async function groupOffset(topic: string, partition: number): Promise<Offset | null> {
    const [answer] = await admin.ask(`What ${app} has committed`, (asked) =>
      asked.fetchOffsets({ groupId: app, topics: [topic] }),
    );
    const offset = offsetOf(answer?.partitions.find((each) => each.partition === partition)?.offset ?? '-1');
    return offset < 0 ? null : offset;
  }

  /** A member that the group has put out would fence the rightful owner, and each the other in turn. */
  async function stillOurs(partition: number): Promise<void> {
    const { stable, partitionsOf } = await membership.view();
    const ours = partitionsOf.get(membership.memberId() ?? '') ?? [];
    if (stable && !ours.includes(partition)) throw fenced(partition);
  }

  function lease(partition: number): Promise<KafkaLease> {
    const producer =
      options.delivery === 'exactly-once'
        ? createTransactionalProducer({
            kafka,
            transactionalId: `${app}-${topics.ratings}-${partition}`,
            groupId: app,
            topic: topics.ratings,
            requestsTopic: topics.requests,
            partition,
            transactionTimeoutMs: options.transactionTimeoutMs ?? 20_000,
          })
        : createPlainProducer({
            kafka,
            partition,
            commitOffset: (p, nextOffset) => membership.commitOffset(p, nextOffset),
          });
    const assertWanted = (): void => {
      if (assignments?.wants(partition) !== true && performance.now() > lastWriteBy) throw fenced(partition);
    };
    return openLease({
      ...options,
      latest: options.latest ?? changelogValues(reader, topics),
      partition,
      producer,
      pool,
      groupOffset: (topic) => groupOffset(topic, partition),
      checkRetained,
      stillOurs,
      maxBatchBytes: options.maxBatchBytes ?? 900_000,
      persistently: (what, work) => persistently(what, work, assertWanted, log),
      isWanted: () => assignments?.wants(partition) === true,
      itemsReached(p, position) {
        reached.set(p, position);
        options.itemsReached(p, position);
      },
    });
  }

  async function begin(listener: TransportListener): Promise<void> {
    assignments = createAssignments({
      listener,
      log,
      onFatal,
      openLease: lease,
      deliver(held) {
        const sources = { ratings: source.open(held.partition), requests: requestSource.open(held.partition) };
        return startDelivery(held, sources, listener, options.batchRecordCount ?? 500);
      },
      retakeMs: heartbeatMs,
    });
    await Promise.all([cluster.connect(), requestCluster.connect()]);
    await cluster.addTargetTopic(topics.ratings);
    await requestCluster.addTargetTopic(topics.requests);
    const settled = new Promise<void>((resolve, reject) => {
      first = { resolve, reject };
    });
    settled.catch(() => undefined); // it is seen below; joining may end after it
    stopWatching = watchPartitionCount({
      cluster,
      topic: topics.ratings,
      partitionCount,
      periodMs: options.partitionWatchMs,
      changed: fail,
      log,
    });
    await membership.join();
    await settled;
  }

  /** Nobody waits for brokers that are away: what is not committed by then is learned again by the next owner. */
  async function end(): Promise<void> {
    stopWatching();
    const lastWriteMs = options.lastWriteMs ?? 5000;
    lastWriteBy = performance.now() + lastWriteMs;
    try {
      const given = assignments?.want([]) ?? Promise.resolve();
      if (!(await endsWithin(given, lastWriteMs))) {
        log.warn({ lastWriteMs }, 'the last checkpoints could not be written in time; their ratings are learned again');
      }
    } finally {
      const left = membership.leave().catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'the group was not told that this worker leaves');
      });
      await endsWithin(left, leaveMs);
      source.close();
      requestSource.close();
      const closed = Promise.allSettled([admin.close(), cluster.disconnect(), requestCluster.disconnect()]);
      await endsWithin(closed, leaveMs);
    }
  }

  return {
    partitionCount,
    assigned: () => assigned,
    async owners() {
      const { stable, addressOf } = await membership.view();
      return stable ? addressOf : new Map();
    },
    async start(listener) {
      if (started) throw new InvariantViolation('The transport was started twice. Please report it.');
      started = true;
      await begin(listener);
    },
    stop() {
      return (stopped ??= end());
    },
  };
}
