/**
 * Item changes of the tasks of other workers, read from the items changelog without a group.
 *
 * A partition is begun with the last after-image of each item, as of a position; from there on come deltas. They are
 * handed over as they are read, so that nothing is held but one response at a time. A delta that compaction removed
 * before it was read is lost: the hole it leaves is noticed, and following fails rather than drift.
 *
 * There is no local store: contributions cannot be looked up one by one.
 */
import { CorruptStateError, LostChangesError } from '../../errors.ts';
import type { ItemFeed, ItemFollower, Offset } from '../../ports/transport.ts';
import { parseChangelogKey, parseItemRecord } from './changelog.ts';
import { changelogValues, type LatestValues } from './latest-values.ts';
import type { PartitionReader } from './partition-reader.ts';

export interface KafkaItemFeed extends ItemFeed {
  /**
   * What lies before the position is in a task of this worker, written or restored: a follower of the partition is not
   * told. Call it at every commit and restore.
   */
  ownReached(partition: number, position: Offset): void;
}

export interface ItemFeedOptions {
  readonly reader: PartitionReader;
  readonly topic: string;
  readonly partitionCount: number;
  /** Where contributions come from; the topic alone when not given. */
  readonly latest?: LatestValues;
}

/** Where following a partition stands. Another one takes its place when the partition is begun anew. */
interface Followed {
  position: Offset;
}

export function createItemFeed({ reader, topic, partitionCount, latest }: ItemFeedOptions): KafkaItemFeed {
  const values = latest ?? changelogValues(reader, { users: '', items: topic });
  const followed = new Map<number, Followed>();
  let last: Promise<void> = Promise.resolve();

  async function follow(follower: ItemFollower, wanted: (partition: number) => boolean): Promise<void> {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition).filter(wanted);
    if (partitions.length === 0) return;
    const ends = await reader.ends(topic, partitions);
    for (const partition of partitions) {
      if (!wanted(partition)) continue; // it was taken over meanwhile
      const standing = followed.get(partition);
      if (standing === undefined) await begin(partition, follower);
      else if (standing.position < (ends.get(partition) ?? 0)) await goOn(partition, standing, follower);
    }
  }

  async function begin(partition: number, follower: ItemFollower): Promise<void> {
    const standing: Followed = { position: 0 };
    followed.set(partition, standing);
    let handedOver = 0;
    try {
      const { position } = await values.visit('items', partition, (itemId, afterImage) => {
        if (followed.get(partition) !== standing) return;
        handedOver++;
        follower.contribution(partition, itemId, afterImage);
      });
      standing.position = Math.max(standing.position, position);
    } catch (error) {
      // What is stored is of no use to this worker, whenever it is read.
      if (error instanceof CorruptStateError) throw error;
      // Nothing was handed over: it may begin again. Otherwise it would hand over things twice.
      if (handedOver > 0) throw interrupted(topic, partition, error);
      if (followed.get(partition) === standing) followed.delete(partition);
      throw error;
    }
  }

  async function goOn(partition: number, standing: Followed, follower: ItemFollower): Promise<void> {
    const isCurrent = (): boolean => followed.get(partition) === standing;
    const reached = await reader.readToEnd(
      topic,
      partition,
      standing.position,
      ({ offset, key, value }) => {
        if (!isCurrent() || offset < standing.position) return;
        standing.position = offset + 1;
        if (value === null) return; // deleted: its last delta, which took the contribution back, came before
        const itemId = parseChangelogKey(key, topic, offset);
        const { afterImage, delta } = parseItemRecord(value);
        if (delta.length > 0) follower.delta(partition, itemId, delta);
        else follower.contribution(partition, itemId, afterImage);
      },
      undefined,
      (from, to) => {
        if (isCurrent() && to > standing.position) throw compactedAway(topic, partition, from, to);
      },
    );
    standing.position = Math.max(standing.position, reached);
  }

  return {
    read: () => undefined,
    follow(follower, wanted) {
      last = last.catch(() => undefined).then(() => follow(follower, wanted));
      return last;
    },
    unfollow: (partition) => void followed.delete(partition),
    ownReached(partition, position) {
      const standing = followed.get(partition);
      if (standing !== undefined) standing.position = Math.max(standing.position, position);
    },
  };
}

function compactedAway(topic: string, partition: number, from: Offset, to: Offset): LostChangesError {
  return new LostChangesError(
    `Changes of items at offsets ${from}..${to - 1} of partition ${partition} of ${topic} were compacted away before they were followed. ` +
      'Restart the worker: it reads the items anew. Raise min.compaction.lag.ms of the topic if it happens again.',
    { topic, partition, from, to },
  );
}

function interrupted(topic: string, partition: number, cause: unknown): LostChangesError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LostChangesError(
    `Reading the items of partition ${partition} of ${topic} ended half-way (${why}), and cannot begin again without adding some twice. ` +
      'Restart the worker: it reads the items anew.',
    { topic, partition },
    cause,
  );
}
