/** Visits all that the task of a partition has committed: its users, then its contributions to items. */
import type { Log } from '../../ports/log.ts';
import type { Offset, RestoreVisitor } from '../../ports/transport.ts';
import type { KafkaTopics } from './changelog.ts';
import type { LatestValues } from './latest-values.ts';

export interface RestoreProgress {
  readonly partition: number;
  readonly topic: string;
  /** Records read so far of this topic. */
  readonly recordCount: number;
  /** 0 to 1, of this topic. */
  readonly doneRatio: number;
  /** Since the topic was begun. */
  readonly recordsPerSecond: number;
}

export interface RestoreOptions {
  readonly latest: LatestValues;
  readonly topics: Pick<KafkaTopics, 'users' | 'items'>;
  readonly partition: number;
  /** Called after every fetch. */
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  /** The input offset that is known to be committed. */
  readonly committed?: Offset | null;
}

export interface RestoredPositions {
  /** What the next reader of the two partitions has not seen yet begins here. */
  readonly users: Offset;
  readonly items: Offset;
  /** Records read from the local snapshot, and from the topics. */
  readonly fromDisk: number;
  readonly fromChangelog: number;
}

/** Call after the former owner is fenced: from then on the ends are final. */
export async function restorePartition(options: RestoreOptions, visitor: RestoreVisitor): Promise<RestoredPositions> {
  const { latest, topics, partition, committed = null } = options;
  const users = await latest.visit(
    'users',
    partition,
    (key, value) => visitor.state(key, value),
    progressOf(options, topics.users),
    committed,
  );
  const items = await latest.visit(
    'items',
    partition,
    (itemId, afterImage) => visitor.item(itemId, afterImage),
    progressOf(options, topics.items),
  );
  return {
    users: users.position,
    items: items.position,
    fromDisk: users.fromDisk + items.fromDisk,
    fromChangelog: users.fromChangelog + items.fromChangelog,
  };
}

function progressOf({ partition, onProgress }: RestoreOptions, topic: string) {
  const startMs = performance.now();
  return (recordCount: number, doneRatio: number): void => {
    const recordsPerSecond = Math.round((1000 * recordCount) / Math.max(1, performance.now() - startMs));
    onProgress?.({ partition, topic, recordCount, doneRatio, recordsPerSecond });
  };
}

/** Passes progress on to a log, a line for each topic every so often: short restores say nothing. */
export function logProgress(log: Log, everyMs = 5000): (progress: RestoreProgress) => void {
  let lastMs = performance.now();
  return (progress) => {
    if (performance.now() - lastMs < everyMs) return;
    lastMs = performance.now();
    log.info({ ...progress }, 'restoring');
  };
}
