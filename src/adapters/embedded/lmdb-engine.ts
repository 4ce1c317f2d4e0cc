/** The embedded log in a folder: every group of units is one LMDB transaction, flushed before anybody is told. */
import { statSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { FencedError, InvariantViolation, StorageFullError } from '../../errors.ts';
import type { Offset, TopicName } from '../../ports/transport.ts';
import { encodeChunks, type Chunk } from './chunk.ts';
import { changedMark, type Engine, type TaskChange, type TaskMark, type WriteUnit } from './engine.ts';
import { createLmdbReads } from './lmdb-reads.ts';
import { encodeMark, encodeNumbers, endKey, logKey, tablePrefix, type Tables } from './lmdb-tables.ts';
import { storageError } from './storage-error.ts';
import { createWriteQueue, type PreparedUnit } from './write-queue.ts';

/** Bytes encoded before others may run: well under a millisecond. */
const sliceBytes = 256 * 1024;
/** LMDB allows 1978 bytes with the partition in front. */
const longestIdBytes = 1900;

export interface LmdbEngineOptions {
  readonly partitionCount: number;
  /** Refuses what would make the file larger than this. */
  readonly maxSizeBytes: number;
  /** Generation of this process as the folder's writer; another process raises it when it takes the folder over. */
  readonly generation: number;
  /** Called once everything is closed. */
  readonly released: () => Promise<void>;
}

interface EncodedUnit {
  /** Chunks of each append. */
  readonly appends: readonly (readonly Chunk[])[];
  readonly changeCount: number;
  readonly sizeBytes: number;
}

export function createLmdbEngine(tables: Tables, folder: string, options: LmdbEngineOptions): Engine {
  const reads = createLmdbReads(tables, options.partitionCount);
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
    const newEnds = new Map<string, Offset>();
    const newMarks = new Map<number, TaskMark>();
    const firstOffsets: Offset[][] = [];
    const written = tables.meta.ifVersion('writer', options.generation, () => {
      for (const { unit, prepared } of group) {
        firstOffsets.push(
          unit.appends.map((append, index) => putChunks(append, prepared.appends[index] ?? [], newEnds)),
        );
        if (unit.task !== null) putTask(unit.task, newMarks);
        for (const { key, value } of unit.models ?? []) {
          if (value === null) void tables.models?.remove(key);
          else void tables.models?.put(key, value as Buffer);
        }
      }
      for (const [key, end] of newEnds) void tables.ends.put(key, encodeNumbers(end));
      for (const [partition, mark] of newMarks) void tables.marks.put(String(partition), encodeMark(mark));
    });
    const ours = await written.catch(async (error: unknown) => Promise.reject(await storageError(error, folder)));
    if (!ours) throw takenOver(folder);
    for (const [key, end] of newEnds) ends.set(key, end);
    for (const [partition, mark] of newMarks) marks.set(partition, mark);
    return firstOffsets;
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

  function putTask(change: TaskChange, newMarks: Map<number, TaskMark>): void {
    const { partition, state, items } = change;
    const prefix = tablePrefix(partition);
    for (const { key, value } of state) {
      if (value === null) void tables.state.remove(prefix + key);
      else void tables.state.put(prefix + key, value as Buffer);
    }
    for (const { itemId, afterImage } of items) {
      if (afterImage === null) void tables.items.remove(prefix + itemId);
      else void tables.items.put(prefix + itemId, afterImage as Buffer);
    }
    newMarks.set(partition, changedMark(newMarks.get(partition) ?? markOf(partition), change));
  }

  function refuseBeyondSize(addedBytes: number): void {
    if (options.maxSizeBytes === Infinity) return;
    const sizeBytes = statSync(`${folder}/data.mdb`).size;
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
  const changeCount =
    state.length + items.length + models.length + appends.reduce((sum, chunks) => sum + chunks.length, 0);
  return { appends, changeCount, sizeBytes };
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
