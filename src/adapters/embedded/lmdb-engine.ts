/**
 * The embedded log in a folder: every group of units is one LMDB transaction, flushed before anybody is told. Rows go into the
 * journal (journal.ts), and from there into their tables with later transactions (unmerged-rows.ts).
 */
import { statSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { FencedError, InvariantViolation, StorageFullError } from '../../errors.ts';
import type { Offset, TopicName } from '../../ports/transport.ts';
import { encodeChunks, type Chunk } from './chunk.ts';
import { changedMark, type Engine, type TaskChange, type TaskMark, type WriteUnit } from './engine.ts';
import { keyOf, piecesOf, tableOf, type JournaledRow, type Piece } from './journal-rows.ts';
import {
  encodeSegments,
  Journal,
  journalKey,
  readSegments,
  refuseIfStillNamed,
  storedSegments,
  type Segment,
} from './journal.ts';
import { createLmdbReads } from './lmdb-reads.ts';
import { encodeMark, encodeNumbers, endKey, logKey, type Tables } from './lmdb-tables.ts';
import { storageError } from './storage-error.ts';
import { UnmergedRows, type DueRows } from './unmerged-rows.ts';
import { createWriteQueue, type PreparedUnit } from './write-queue.ts';

/** Bytes encoded before others may run: well under a millisecond. */
const sliceBytes = 256 * 1024;
/** LMDB allows 1978 bytes with the partition in front. */
const longestIdBytes = 1900;

/** What is merged in a round is in memory, and read again at the next start. */
export interface RoundLimits {
  readonly rows: number;
  /** Of the journal: where the same rows change all the time. */
  readonly sizeBytes: number;
}

const defaultRounds: RoundLimits = { rows: 16_384, sizeBytes: 16 * 1024 * 1024 };

export interface LmdbEngineOptions {
  readonly partitionCount: number;
  /** Refuses what would make the file larger than this. */
  readonly maxSizeBytes: number;
  /** Generation of this process as the folder's writer; another process raises it when it takes the folder over. */
  readonly generation: number;
  /** Called once everything is closed. */
  readonly released: () => Promise<void>;
  /** A round begins with so much, or so many. */
  readonly rounds?: RoundLimits;
}

interface EncodedUnit {
  /** Chunks of each append. */
  readonly appends: readonly (readonly Chunk[])[];
  readonly pieces: readonly Piece[];
  readonly changeCount: number;
  readonly sizeBytes: number;
}

export function createLmdbEngine(tables: Tables, folder: string, options: LmdbEngineOptions): Engine {
  const { generation, rounds = defaultRounds } = options;
  tables.root.resetReadTxn(); // of what the former writer did to the last
  const journal = new Journal(folder, generation, storedSegments(tables));
  const left = readSegments(folder, journal.segments);
  // Others are named only when somebody took the folder over just now: then nothing is written here any more.
  if (left === undefined) refuseIfStillNamed(tables, folder, journal.segments);
  const unmerged = new UnmergedRows(left);
  const reads = createLmdbReads(tables, folder, options.partitionCount, () => unmerged);
  const ends = new Map<string, Offset>();
  const marks = new Map<number, TaskMark>();
  const queue = createWriteQueue<EncodedUnit>({ prepare, changeCount: (unit) => unit.changeCount, writeGroup });
  let closing: Promise<void> | null = null;

  const endOf = (topic: TopicName, partition: number): Offset => {
    const key = endKey(topic, partition);
    return ends.get(key) ?? remember(ends, key, reads.end(topic, partition));
  };
  const markOf = (partition: number): TaskMark =>
    marks.get(partition) ?? remember(marks, partition, reads.mark(partition));

  async function writeGroup(group: readonly PreparedUnit<EncodedUnit>[]): Promise<Offset[][]> {
    refuseBeyondSize(group.reduce((sum, { prepared }) => sum + prepared.sizeBytes, 0));
    const pieces = group.flatMap(({ prepared }) => prepared.pieces);
    const segments = await journaled(pieces);
    const due = segments === null ? everyRow(pieces) : unmerged.due(isRoundDue());
    const newEnds = new Map<string, Offset>();
    const newMarks = new Map<number, TaskMark>();
    const firstOffsets: Offset[][] = [];
    const written = tables.meta.ifVersion('writer', generation, () => {
      for (const { unit, prepared } of group) {
        firstOffsets.push(
          unit.appends.map((append, index) => putChunks(append, prepared.appends[index] ?? [], newEnds)),
        );
        if (unit.task !== null) newMarks.set(unit.task.partition, markAfter(unit.task, newMarks));
        for (const { key, value } of unit.models ?? []) {
          if (value === null) void tables.models?.remove(key);
          else void tables.models?.put(key, value as Buffer);
        }
      }
      for (const row of due.rows) putRow(row);
      if (segments !== journal.segments) void tables.ends.put(journalKey, encodeSegments(segments ?? []));
      for (const [key, end] of newEnds) void tables.ends.put(key, encodeNumbers(end));
      for (const [partition, mark] of newMarks) void tables.marks.put(String(partition), encodeMark(mark));
    });
    const ours = await written.catch(storageFailed);
    if (!ours) throw takenOver(folder);
    for (const [key, end] of newEnds) ends.set(key, end);
    for (const [partition, mark] of newMarks) marks.set(partition, mark);
    if (segments === null) {
      journal.clear();
      unmerged.clear();
    } else {
      journal.settle(segments);
      unmerged.settle(due);
      for (const { rows } of pieces) unmerged.add(rows);
    }
    tables.root.resetReadTxn(); // rows are looked for in the tables from here on that are there only now
    takeTurns();
    return firstOffsets;
  }

  /** See Journal.append; null where the disk has no room for it: LMDB may have, in pages that it does not use. */
  async function journaled(pieces: readonly Piece[]): Promise<readonly Segment[] | null> {
    try {
      return await journal.append(pieces.map(({ bytes }) => bytes));
    } catch (cause) {
      const error = await storageError(cause, folder);
      if (error instanceof StorageFullError) return null;
      throw error;
    }
  }

  /** Rows of the journal, and then those of this write, for the tables to need no journal. */
  function everyRow(pieces: readonly Piece[]): DueRows {
    return { ids: [], rows: [...unmerged.all(), ...pieces.flatMap(({ rows }) => rows)] };
  }

  const storageFailed = async (error: unknown): Promise<never> => Promise.reject(await storageError(error, folder));

  const isRoundDue = (): boolean => unmerged.recentCount >= rounds.rows || journal.recentBytes >= rounds.sizeBytes;

  /** Ends a round whose rows the tables hold, and begins the next once there is enough for it. */
  function takeTurns(): void {
    if (!unmerged.isRoundOver) return;
    journal.endRound();
    if (!isRoundDue()) return;
    unmerged.beginRound();
    journal.beginRound();
  }

  function putChunks(
    { topic, partition }: { topic: TopicName; partition: number },
    chunks: readonly Chunk[],
    newEnds: Map<string, Offset>,
  ): Offset {
    const key = endKey(topic, partition);
    const first = newEnds.get(key) ?? endOf(topic, partition);
    let offset = first;
    for (const { bytes, recordCount } of chunks) {
      void tables.log.put(logKey(topic, partition, offset), bytes as Buffer);
      offset += recordCount;
    }
    newEnds.set(key, offset);
    return first;
  }

  const markAfter = (change: TaskChange, newMarks: ReadonlyMap<number, TaskMark>): TaskMark =>
    changedMark(newMarks.get(change.partition) ?? markOf(change.partition), change);

  function putRow({ id, value }: JournaledRow): void {
    const table = tables[tableOf(id)];
    if (value === null) void table.remove(keyOf(id));
    else void table.put(keyOf(id), value);
  }

  function refuseBeyondSize(addedBytes: number): void {
    if (options.maxSizeBytes === Infinity) return;
    const sizeBytes = statSync(`${folder}/data.mdb`).size + journal.sizeBytes;
    if (sizeBytes + addedBytes <= options.maxSizeBytes) return;
    const limit = `the limit of ${options.maxSizeBytes} bytes`;
    throw new StorageFullError(
      `The data folder ${folder} is full: ${sizeBytes} bytes and ${addedBytes} more pass ${limit}. Raise the limit; nothing of this write was kept.`,
      { folder, sizeBytes, addedBytes, maxSizeBytes: options.maxSizeBytes },
    );
  }

  return {
    ...reads,
    end: endOf,
    mark: markOf,
    write: (unit) => queue.write(unit),
    forgetReaders: () => void tables.root.readerCheck(),
    close() {
      closing ??= queue
        .close()
        .then(() => journal.close())
        .then(() => tables.root.close())
        .then(options.released);
      return closing;
    },
  };
}

/** Checks every key first: a batch that throws half-way would still write its first half. */
async function prepare(unit: WriteUnit): Promise<EncodedUnit> {
  const state = unit.task?.state ?? [];
  const items = unit.task?.items ?? [];
  const models = unit.models ?? [];
  let sizeBytes = 0;
  for (const { key, value } of [...state, ...models]) sizeBytes += checkedLength(key) + (value?.length ?? 0);
  for (const { itemId, afterImage } of items) sizeBytes += checkedLength(itemId) + (afterImage?.length ?? 0);
  const appends: Chunk[][] = [];
  let encodedBytes = 0;
  for (const { records } of unit.appends) {
    const chunks: Chunk[] = [];
    for (const chunk of encodeChunks(records)) {
      chunks.push(chunk);
      sizeBytes += chunk.bytes.length;
      encodedBytes += chunk.bytes.length;
      if (encodedBytes >= sliceBytes) {
        encodedBytes = 0;
        await breathe();
      }
    }
    appends.push(chunks);
  }
  const pieces: Piece[] = [];
  for (const piece of unit.task === null ? [] : piecesOf(unit.task)) {
    pieces.push(piece);
    await breathe();
  }
  const changeCount = models.length + appends.reduce((sum, chunks) => sum + chunks.length, pieces.length);
  return { appends, pieces, changeCount, sizeBytes };
}

function checkedLength(id: string): number {
  if (id.length * 3 <= longestIdBytes) return id.length;
  const sizeBytes = Buffer.byteLength(id);
  if (sizeBytes <= longestIdBytes) return sizeBytes;
  throw new InvariantViolation(
    `A key of ${sizeBytes} bytes was to be stored; the most is ${longestIdBytes}. Refuse such ids where they come in.`,
    { sizeBytes },
  );
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

function takenOver(folder: string): FencedError {
  return new FencedError(
    `The data folder ${folder} was taken over by another process: nothing more is written by this one. Stop it.`,
    { folder },
  );
}
