/** Visits all that the task of a partition has committed: its users, then its contributions to items. */
import type { Log } from '../../ports/log.ts';
import type { Offset, RestoreVisitor } from '../../ports/transport.ts';
import { parseItemRecord, type KafkaTopics } from './changelog.ts';
import type { PartitionReader } from './partition-reader.ts';
import { visitLatest } from './visit-latest.ts';

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
  readonly reader: PartitionReader;
  readonly topics: Pick<KafkaTopics, 'users' | 'items'>;
  readonly partition: number;
  /** Called after every fetch. */
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
}

export interface RestoredPositions {
  /** What the next reader of the two partitions has not seen yet begins here. */
  readonly users: Offset;
  readonly items: Offset;
}

/** Call after the former owner is fenced: from then on the ends are final. */
export async function restorePartition(options: RestoreOptions, visitor: RestoreVisitor): Promise<RestoredPositions> {
  const { reader, topics, partition } = options;
  const users = await visitLatest(
    reader,
    topics.users,
    partition,
    (key, value) => visitor.state(key, value),
    progressOf(options, topics.users),
  );
  const items = await visitLatest(
    reader,
    topics.items,
    partition,
    (itemId, value) => visitor.item(itemId, parseItemRecord(value).afterImage),
    progressOf(options, topics.items),
  );
  return { users: users.position, items: items.position };
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
