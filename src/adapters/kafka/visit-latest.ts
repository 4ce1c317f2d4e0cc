/**
 * The last value of every key of a compacted partition, each key once. Where the last values are few they are held until
 * the end is known. Otherwise the partition is read twice, first for the offset of each key's last record, then for those
 * records, so that no values are held: a key costs some 100 bytes meanwhile.
 */
import { LostChangesError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import type { PartitionReader, ReadRecord } from './partition-reader.ts';
import { parseChangelogKey } from './changelog.ts';

export interface LatestVisit {
  /** The position as of which the values are the latest. */
  readonly position: Offset;
  readonly keyCount: number;
  /** Records that were read to find them, each time they were read. */
  readonly recordCount: number;
}

/** Keys and last values that are held of a partition rather than read it twice. */
const defaultHeldLimitBytes = 8 * 1024 * 1024;

/** Values are views into a large response: copy what you keep. `onProgress` hears of all reading, as a share of it. */
export async function visitLatest(
  reader: PartitionReader,
  topic: string,
  partition: number,
  visit: (key: string, value: Uint8Array) => void,
  onProgress?: (recordCount: number, doneRatio: number) => void,
  heldLimitBytes = defaultHeldLimitBytes,
): Promise<LatestVisit> {
  const { start } = await reader.bounds(topic, partition);
  /** By the key's bytes as latin1, which is quicker than decoding them and as unambiguous. Its last record, or the offset. */
  const latest = new Map<string, Held | Offset>();
  let heldBytes = 0;
  let recordCount = 0;
  const isHeld = (): boolean => heldBytes <= heldLimitBytes;

  const read = (onRecord: (key: string, record: ReadRecord) => void, before: number): Promise<Offset> =>
    reader.readToEnd(
      topic,
      partition,
      start,
      (record) => {
        recordCount++;
        onRecord(keyOf(record, topic), record);
      },
      (at, end) => onProgress?.(recordCount, before + (0.5 * (at - start)) / Math.max(1, end - start)),
    );

  const position = await read((key, record) => {
    if (!isHeld()) {
      if (record.value === null) latest.delete(key);
      else latest.set(key, record.offset);
      return;
    }
    const former = latest.get(key) as Held | undefined;
    // Held ones are visited in the order of the log, as they are when they are read again.
    if (former !== undefined) latest.delete(key);
    if (record.value !== null) latest.set(key, hold(record.offset, record.value, former));
    heldBytes += record.value === null ? 0 : record.value.length + (former === undefined ? key.length : 0);
    heldBytes -= former === undefined ? 0 : former.value.length + (record.value === null ? key.length : 0);
    if (!isHeld()) for (const [held, { offset }] of latest as Map<string, Held>) latest.set(held, offset);
  }, 0);

  const keyCount = latest.size;
  const handOver = (key: string, offset: Offset, value: Uint8Array): void =>
    visit(isAscii.test(key) ? key : parseChangelogKey(Buffer.from(key, 'latin1'), topic, offset), value);
  if (isHeld()) {
    for (const [key, { offset, value }] of latest as Map<string, Held>) handOver(key, offset, value);
    if (recordCount > 0) onProgress?.(recordCount, 1);
    return { position, keyCount, recordCount };
  }
  let visitedCount = 0;
  await read((key, record) => {
    if (record.value === null || latest.get(key) !== record.offset) return;
    visitedCount++;
    handOver(key, record.offset, record.value);
  }, 0.5);
  if (visitedCount === keyCount) return { position, keyCount, recordCount };
  throw new LostChangesError(
    `${keyCount - visitedCount} of ${keyCount} keys of partition ${partition} of ${topic} were compacted away while they were read: ` +
      'they were written anew meanwhile. Try again, and raise min.compaction.lag.ms of the topic.',
    { topic, partition, lost: keyCount - visitedCount },
  );
}

interface Held {
  offset: Offset;
  value: Uint8Array;
}

/** A copy, in the place of the former one when it is as long. */
function hold(offset: Offset, value: Uint8Array, former: Held | undefined): Held {
  if (former?.value.length !== value.length) return { offset, value: new Uint8Array(value) };
  former.value.set(value);
  former.offset = offset;
  return former;
}

const isAscii = /^[\u0000-\u007f]*$/;

/** The key's bytes as latin1. */
function keyOf({ key, offset }: ReadRecord, topic: string): string {
  if (key === null) return parseChangelogKey(null, topic, offset); // throws
  return (key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)).toString('latin1');
}
