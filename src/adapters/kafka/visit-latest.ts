/**
 * The last value of every key of a compacted partition, each key once, without holding values: the partition is read
 * twice, first for the offset of each key's last record, then for those records. A key costs some 100 bytes meanwhile.
 */
import { LostChangesError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import type { PartitionReader, ReadRecord } from './partition-reader.ts';
import { parseChangelogKey } from './changelog.ts';

export interface LatestVisit {
  /** The position as of which the values are the latest. */
  readonly position: Offset;
  readonly keyCount: number;
  /** Records that were read to find them, both times. */
  readonly recordCount: number;
}

/** Values are views into a large response: copy what you keep. `onProgress` hears of both readings, as a share of all. */
export async function visitLatest(
  reader: PartitionReader,
  topic: string,
  partition: number,
  visit: (key: string, value: Uint8Array) => void,
  onProgress?: (recordCount: number, doneRatio: number) => void,
): Promise<LatestVisit> {
  const { start } = await reader.bounds(topic, partition);
  /** By the key's bytes as latin1, which is quicker than decoding them and as unambiguous. */
  const lastOffsets = new Map<string, Offset>();
  let recordCount = 0;
  const report =
    (before: number) =>
    (position: Offset, end: Offset): void =>
      onProgress?.(recordCount, before + (0.5 * (position - start)) / Math.max(1, end - start));

  const position = await reader.readToEnd(
    topic,
    partition,
    start,
    (record) => {
      recordCount++;
      const key = keyOf(record, topic);
      if (record.value === null) lastOffsets.delete(key);
      else lastOffsets.set(key, record.offset);
    },
    report(0),
  );
  const keyCount = lastOffsets.size;
  if (keyCount === 0) return { position, keyCount, recordCount };
  let visitedCount = 0;
  await reader.readToEnd(
    topic,
    partition,
    start,
    (record) => {
      recordCount++;
      const key = keyOf(record, topic);
      if (record.value === null || lastOffsets.get(key) !== record.offset) return;
      visitedCount++;
      visit(isAscii.test(key) ? key : parseChangelogKey(record.key, topic, record.offset), record.value);
    },
    report(0.5),
  );
  if (visitedCount === keyCount) return { position, keyCount, recordCount };
  throw new LostChangesError(
    `${keyCount - visitedCount} of ${keyCount} keys of partition ${partition} of ${topic} were compacted away while they were read: ` +
      'they were written anew meanwhile. Try again, and raise min.compaction.lag.ms of the topic.',
    { topic, partition, lost: keyCount - visitedCount },
  );
}

const isAscii = /^[\u0000-\u007f]*$/;

/** The key's bytes as latin1. */
function keyOf({ key, offset }: ReadRecord, topic: string): string {
  if (key === null) return parseChangelogKey(null, topic, offset); // throws
  return (key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)).toString('latin1');
}
