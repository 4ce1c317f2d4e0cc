/**
 * The right to process one input partition. Opening it fences the former owner, and only then reads anything: the
 * committed offset and the end of the changelog are final from that moment on.
 *
 * There is no local store: what is not in memory cannot be looked up, so users are not evicted on Kafka.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FencedError } from '../../errors.ts';
import type { Checkpoint, Offset, PartitionLease } from '../../ports/transport.ts';
import type { KafkaTopics } from './changelog.ts';
import type { BatchPool } from './batch-pool.ts';
import { checkpointRounds, nextOffsetKey, nextRequestKey } from './checkpoint-rounds.ts';
import { asCommitError, fenced } from './kafka-error.ts';
import type { LatestValues } from './latest-values.ts';
import { offsetOf } from './offsets.ts';
import type { PartitionReader, ReadRecord } from './partition-reader.ts';
import type { CheckpointProducer } from './producer.ts';
import type { WrittenEnds } from './producer-session.ts';
import { restorePartition, type RestoredPositions, type RestoreProgress } from './restore.ts';

export interface KafkaLease extends PartitionLease {
  /** False once a later owner was met or the lease was closed. */
  isHeld(): boolean;
  /** Where delivery has to go back to because the lease was recovered; null when it has not been since the last call. */
  takeRewind(): Offset | null;
  /** The same for requests. */
  takeRequestRewind(): Offset | null;
  /** Calls the listener when the lease was recovered or lost. One listener. */
  onChange(listener: () => void): void;
  /** Its commits fail from now on. */
  close(): Promise<void>;
}

export interface LeaseOptions {
  readonly partition: number;
  readonly topics: KafkaTopics;
  readonly producer: CheckpointProducer;
  readonly reader: PartitionReader;
  /** Where committed rows come from. */
  readonly latest: LatestValues;
  readonly delivery: 'exactly-once' | 'at-least-once';
  /** The offset of the partition of a topic that the group has committed; null when there is none. */
  readonly groupOffset: (topic: string) => Promise<Offset | null>;
  /** Throws, or tells where to start instead, when the offset is no longer in the log; null stands for the beginning. */
  readonly checkRetained: (partition: number, offset: Offset | null) => Promise<Offset>;
  readonly maxBatchBytes: number;
  readonly pool: BatchPool;
  /** Everything in the items partition before this position is in the task: followers of other tasks begin here. */
  readonly itemsReached: (partition: number, position: Offset) => void;
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  readonly onRestored?: ((partition: number, restored: RestoredPositions) => void) | undefined;
  /** Repeats until it succeeds or the lease is closed, for outages of the broker. */
  readonly persistently: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  /** False once the partition is to be given up: then nothing more is restored, and nothing waited for. */
  readonly isWanted: () => boolean;
  /** Resolves when this worker may fence others again; throws FencedError when the group has given the partition away. */
  readonly stillOurs: (partition: number) => Promise<void>;
}

/** Before the second commit in a row that failed is tried again, and at most. */
const firstPauseMs = 100;
const longestPauseMs = 5000;

const nextOffsetKeyBytes = Buffer.from(nextOffsetKey);
const nextRequestKeyBytes = Buffer.from(nextRequestKey);

export async function openLease(options: LeaseOptions): Promise<KafkaLease> {
  const { partition, topics, producer, reader, persistently } = options;
  /** Raised by every recovery: what was under way before it has no say any more. */
  let generation = 0;
  let held = true;
  const isHeld = (): boolean => held;
  let rewindTo: Offset | null = null;
  let requestRewindTo: Offset | null = null;
  let groupOffset: Offset | null = null;
  let groupRequest: Offset | null = null;
  /** What the changelog says; it is read as far as `changelogPosition`. */
  let storedOffset: Offset | null = null;
  let storedRequest: Offset | null = null;
  /** Where requests begin when none was ever answered. */
  let firstRequest: Offset | null = null;
  let changelogPosition = -1;
  /** The offset that was last found in the log. */
  let retained: Offset | null = null;
  /** Where the last commit's records end, by topic. */
  let written: WrittenEnds = new Map();
  let changed = (): void => undefined;
  /** Commits that failed since the last one that did not. */
  let failures = 0;

  const committed = (): Offset | null => further(groupOffset, storedOffset);

  function lose(): void {
    held = false;
    changed();
  }

  async function fence(): Promise<void> {
    await producer.fence();
    groupOffset = await options.groupOffset(topics.ratings);
    groupRequest = await options.groupOffset(topics.requests);
  }

  async function nextRequest(): Promise<Offset> {
    const known = further(groupRequest, storedRequest);
    return known ?? (firstRequest ??= (await reader.bounds(topics.requests, partition)).start);
  }

  /** The start of the task, once everything that tells it is known. */
  async function startOffset(): Promise<Offset> {
    const known = committed();
    if (known !== null && known === retained) return known;
    retained = await options.checkRetained(partition, known);
    if (retained !== known) groupOffset = storedOffset = retained;
    return retained;
  }

  /** A commit is durable before readers see it: its markers are still to be written. */
  async function awaitWritten(): Promise<void> {
    for (const topic of [topics.users, topics.items]) {
      const end = written.get(topic) ?? 0;
      while ((await reader.bounds(topic, partition)).end < end) await delay(2);
    }
  }

  /** Without transactions only the changelog knows whether the last checkpoint was written. */
  async function readStoredOffset(): Promise<void> {
    const onRecord = ({ key, value }: ReadRecord): void => {
      if (value === null || key === null) return;
      if (nextOffsetKeyBytes.equals(key)) storedOffset = offsetOf(Buffer.from(value).toString());
      else if (nextRequestKeyBytes.equals(key)) storedRequest = offsetOf(Buffer.from(value).toString());
    };
    const from = changelogPosition >= 0 ? changelogPosition : (await reader.bounds(topics.users, partition)).start;
    changelogPosition = await reader.readToEnd(topics.users, partition, from, onRecord);
  }

  async function fenceAndRead(): Promise<{ readonly offset: Offset; readonly request: Offset }> {
    if (!held) throw fenced(partition);
    await options.stillOurs(partition);
    await fence();
    if (options.delivery === 'at-least-once' || groupOffset === null || groupRequest === null) await readStoredOffset();
    // Everything before the fence is in the task, or it was aborted.
    options.itemsReached(partition, (await reader.bounds(topics.items, partition)).end);
    return { offset: await startOffset(), request: await nextRequest() };
  }

  /** A broker that refuses at once would be asked, fenced and answered without end. */
  async function pauseAfterFailures(): Promise<void> {
    const pauseMs = failures < 2 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 2));
    const untilMs = performance.now() + pauseMs;
    while (options.isWanted() && performance.now() < untilMs) await delay(20);
  }

  await persistently(`fencing partition ${partition}`, fence);

  return {
    partition,
    isHeld,
    takeRewind() {
      const offset = rewindTo;
      rewindTo = null;
      return offset;
    },
    takeRequestRewind() {
      const offset = requestRewindTo;
      requestRewindTo = null;
      return offset;
    },
    committedOffset: startOffset,
    committedRequest: () => persistently(`reading requests of partition ${partition}`, nextRequest),

    async restore(visitor) {
      await awaitWritten();
      const onProgress = (progress: RestoreProgress): void => {
        if (!options.isWanted()) throw fenced(partition);
        options.onProgress?.(progress);
      };
      // Without transactions the group may lag behind what is written.
      const known = options.delivery === 'exactly-once' ? groupOffset : null;
      const reached = await restorePartition(
        { ...options, onProgress, committed: known },
        {
          state(key, value) {
            if (key === nextOffsetKey) storedOffset = offsetOf(Buffer.from(value).toString());
            else if (key === nextRequestKey) storedRequest = offsetOf(Buffer.from(value).toString());
            else visitor.state(key, value);
          },
          item: (itemId, afterImage) => visitor.item(itemId, afterImage),
        },
      );
      changelogPosition = reached.users;
      options.itemsReached(partition, reached.items);
      options.onRestored?.(partition, reached);
    },

    readState: () => undefined,
    readItem: () => undefined,

    async commit(checkpoint: Checkpoint) {
      if (!held) throw fenced(partition);
      const asGeneration = generation;
      const isCurrent = (): boolean => generation === asGeneration;
      const rounds = checkpointRounds(checkpoint, committed() ?? 0, {
        ...options,
        order: options.delivery === 'exactly-once' ? 'at once' : 'rows last',
      });
      try {
        written = await producer.publish(rounds, checkpoint.nextOffset, checkpoint.nextRequest);
        groupOffset = storedOffset = retained = checkpoint.nextOffset;
        groupRequest = storedRequest = checkpoint.nextRequest ?? further(groupRequest, storedRequest);
        failures = 0;
        const itemsEnd = written.get(topics.items);
        if (itemsEnd !== undefined) options.itemsReached(partition, itemsEnd);
      } catch (error) {
        failures++;
        const failure = isCurrent() && isHeld() ? asCommitError(error, partition) : fenced(partition, error);
        if (failure instanceof FencedError && isCurrent()) lose();
        throw failure;
      } finally {
        options.pool.giveBack(rounds.flatMap((round) => round.map(({ batch }) => batch)));
      }
    },

    async recover() {
      if (!held) throw fenced(partition);
      generation++;
      await pauseAfterFailures();
      try {
        const recovered = await persistently(`recovering partition ${partition}`, fenceAndRead);
        rewindTo = recovered.offset;
        requestRewindTo = recovered.request;
        changed();
        return recovered.offset;
      } catch (error) {
        // Delivery ends with the lease, also when nothing more comes: what was put back would wait for ever.
        if (error instanceof FencedError) lose();
        throw error;
      }
    },

    onChange(listener) {
      changed = listener;
    },

    async close() {
      lose();
      options.latest.release(partition);
      await producer.close();
    },
  };
}

function further(one: Offset | null, other: Offset | null): Offset | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
