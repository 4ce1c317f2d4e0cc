/**
 * The tables of a data folder and how their keys and values are laid out. One LMDB environment; a change that touches
 * several tables is one transaction; rows of `state` and `items` are in the journal first (journal.ts). Format 2 (format 1 had no journal):
 *
 * | table  | key                                                  | value                                             |
 * | ------ | ---------------------------------------------------- | ------------------------------------------------- |
 * | meta   | "format"                                             | JSON of FolderFormat                              |
 * | meta   | "writer"                                             | generation of the writing process, as the version |
 * | marks  | partition                                            | epoch, committed offset, commit count (float64)   |
 * | ends   | topic code:partition                                 | one past the last offset (float64)                |
 * | ends   | "journal"                                            | generation, number, bytes of each file (float64)  |
 * | log    | topic code u8, partition u32, first offset u64       | a chunk (chunk.ts)                                |
 * | state  | partition:key                                        | the bytes                                         |
 * | items  | partition:itemId                                     | the after-image                                   |
 * | models | see adapters/models/model-store.ts                   | the bytes                                         |
 * | models | "retried"/partition of the letter/digest             | letters of it before this offset were retried     |
 */
import { open, type Database, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import type { Offset, TopicName } from '../../ports/transport.ts';
import type { TaskMark } from './engine.ts';

export const folderFormat = 2;
/** It becomes the one above when it is written to. */
export const formerFolderFormat = 1;

export interface FolderFormat {
  readonly format: number;
  readonly partitionCount: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
}

export type Table = Database<Buffer, string>;

export interface Tables {
  readonly root: RootDatabase<Buffer, string>;
  readonly meta: Table;
  readonly marks: Table;
  readonly ends: Table;
  readonly log: Database<Buffer, Buffer>;
  readonly state: Table;
  readonly items: Table;
  /** Not in folders of former versions that are only looked at. */
  readonly models: Table | undefined;
}

/** Keys are UTF-8 text, written straight into the transaction's buffer; clearing a table, or walking it, has none. */
export const textKeys = {
  writeKey: (key: unknown, target: Buffer, start: number) =>
    typeof key === 'string' ? start + target.write(key, start) : start,
  readKey: (source: Buffer, start: number, end: number) => source.toString('utf8', start, end),
};

export const environment: RootDatabaseOptions & { batchStartThreshold: number } = {
  encoding: 'binary',
  maxDbs: 8,
  // A commit is visible only once it is on disk: nobody ever sees what a crash could take back.
  overlappingSync: false,
  // The write queue builds whole transactions itself; the writing thread starts when one is complete.
  eventTurnBatching: false,
  batchStartThreshold: Number.MAX_SAFE_INTEGER,
};

/** Opens the tables. With `create` false they must exist; undefined when they do not: the folder is not ours. */
export async function openTables(folder: string, create: boolean, readOnly: boolean): Promise<Tables | undefined> {
  const root: Tables['root'] = open({ ...environment, path: folder, readOnly, noSubdir: false });
  const table = (name: string, useVersions = false) =>
    root.openDB(name, { encoding: 'binary', keyEncoder: textKeys, useVersions, create } as object) as Table | undefined;
  const meta = table('meta', true);
  const marks = table('marks');
  const ends = table('ends');
  const log = root.openDB('log', { encoding: 'binary', keyEncoding: 'binary', create } as object) as
    Tables['log'] | undefined;
  const state = table('state');
  const items = table('items');
  if (meta && marks && ends && log && state && items) {
    const options = { encoding: 'binary', keyEncoder: textKeys, create: !readOnly };
    const models = root.openDB('models', options as object) as Table | undefined;
    return { root, meta, marks, ends, log, state, items, models };
  }
  await root.close();
  return undefined;
}

export const topicCodes: Readonly<Record<TopicName, number>> = {
  ratings: 1,
  predictions: 2,
  'dead-letters': 3,
  receipts: 4,
  recommendations: 5,
};

export function logKey(topic: TopicName, partition: number, offset: Offset): Buffer {
  const key = Buffer.allocUnsafe(13);
  key.writeUInt8(topicCodes[topic], 0);
  key.writeUInt32BE(partition, 1);
  key.writeBigUInt64BE(BigInt(offset), 5);
  return key;
}

export const offsetOfLogKey = (key: Uint8Array): Offset =>
  Number(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigUInt64BE(5));

export const endKey = (topic: TopicName, partition: number): string => `${topicCodes[topic]}:${partition}`;
export const tablePrefix = (partition: number): string => `${partition}:`;
/** Sorts after every key of the partition. */
export const tablePrefixEnd = (partition: number): string => `${partition};`;

export function encodeNumbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeDoubleBE(value, index * 8);
  return bytes;
}

export const encodeMark = (mark: TaskMark): Buffer => encodeNumbers(mark.epoch, mark.committedOffset, mark.commitCount);

export const decodeMark = (bytes: Buffer): TaskMark => ({
  epoch: bytes.readDoubleBE(0),
  committedOffset: bytes.readDoubleBE(8),
  commitCount: bytes.readDoubleBE(16),
});
