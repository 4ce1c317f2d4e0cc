/** A part of a changelog partition, folded to the last value of each key, in bounded memory. */
import type { ViewRole } from '../../ports/changelog-views.ts';
import type { Offset } from '../../ports/transport.ts';
import { parseChangelogKey } from './changelog.ts';
import { valueOf } from './latest-values.ts';
import type { PartitionReader } from './partition-reader.ts';

export interface FoldedPart {
  /** Null for keys that were deleted last. */
  readonly changes: ReadonlyMap<string, Buffer | null>;
  /** What was not read begins here. */
  readonly position: Offset;
  /** True when it is the end of the partition as of the call. */
  readonly isEnd: boolean;
  readonly recordCount: number;
}

/** Memory of a key in a map, beside its bytes. */
const entryBytes = 100;

/** Thrown through the reader, which has no other way to stop. */
class Enough extends Error {}

export interface ReadSomeOptions {
  readonly reader: PartitionReader;
  readonly topic: string;
  readonly role: ViewRole;
  readonly partition: number;
  readonly maxBytes: number;
}

/** Reads from `from` to the end, or until `maxBytes` of last values are held or `isOver` says so. */
export async function readSome(options: ReadSomeOptions, from: Offset, isOver = () => false): Promise<FoldedPart> {
  const { reader, topic, role, partition, maxBytes } = options;
  const changes = new Map<string, Buffer | null>();
  let heldBytes = 0;
  let position = from;
  let recordCount = 0;
  try {
    const end = await reader.readToEnd(topic, partition, from, ({ offset, key, value }) => {
      if (heldBytes >= maxBytes || isOver()) throw new Enough();
      const text = parseChangelogKey(key, topic, offset);
      const former = changes.get(text);
      heldBytes += former === undefined ? entryBytes + text.length : -(former?.length ?? 0);
      const copy = value === null ? null : Buffer.from(valueOf(role, value));
      heldBytes += copy?.length ?? 0;
      changes.set(text, copy);
      position = offset + 1;
      recordCount++;
    });
    return { changes, position: end, isEnd: true, recordCount };
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
    return { changes, position, isEnd: false, recordCount };
  }
}
