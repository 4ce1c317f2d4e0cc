/** Reading a data folder: shared by the process that writes it and by those that only look. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { InputRecord, Offset, TopicName } from '../../ports/transport.ts';
import { decodeChunk } from './chunk.ts';
import { freshMark, type EngineReads, type TableVisitor, type TaskMark } from './engine.ts';
import { keyOf, rowId, type RowTable } from './journal-rows.ts';
import { loadSegments, readSegments, refuseIfStillNamed, storedSegments } from './journal.ts';
import { decodeMark, endKey, logKey, offsetOfLogKey, tablePrefix, tablePrefixEnd, type Tables } from './lmdb-tables.ts';
import { sorted } from './sort-in-slices.ts';
import type { Rows } from './unmerged-rows.ts';

/** Rows visited before others may run: about a millisecond. */
const sliceRows = 500;

/** `unmerged`: the rows that the tables do not hold yet, as of the last write that is durable. */
export function createLmdbReads(
  tables: Tables,
  folder: string,
  partitionCount: number,
  unmerged: () => Pick<Rows, 'get'>,
): EngineReads {
  function mark(partition: number, transaction?: Transaction): TaskMark {
    const bytes = tables.marks.get(String(partition), transaction && { transaction });
    return bytes === undefined ? freshMark : decodeMark(bytes);
  }

  /** Chunks of a partition in order, beginning with the one that holds `from`. */
  function* chunks(topic: TopicName, partition: number, from: Offset): Generator<{ key: Uint8Array; value: Buffer }> {
    const first = logKey(topic, partition, 0);
    const holder = tables.log.getKeys({
      start: logKey(topic, partition, from),
      end: first,
      inclusiveEnd: true,
      reverse: true,
      limit: 1,
    });
    const start = [...holder][0] ?? first;
    yield* tables.log.getRange({ start, end: logKey(topic, partition + 1, 0) });
  }

  async function visitTable(
    table: RowTable,
    partition: number,
    transaction: Transaction,
    journaled: Rows,
    visit: (id: string, value: Buffer) => void,
  ): Promise<void> {
    const prefix = tablePrefix(partition);
    const range = { start: prefix, end: tablePrefixEnd(partition), transaction };
    const start = rowId(table, prefix);
    const recent = await sorted([...journaled.keys()].filter((id) => id.startsWith(start)));
    let next = 0;
    let rows = 0;
    const visitRecent = (id: string): void => {
      const value = journaled.get(id) ?? null;
      if (value !== null) visit(keyOf(id).slice(prefix.length), value);
    };
    for (const { key, value } of tables[table].getRange(range)) {
      const id = rowId(table, key);
      for (let other; (other = recent[next]) !== undefined && other < id; next++) visitRecent(other);
      if (!journaled.has(id)) visit(key.slice(prefix.length), value);
      if (++rows % sliceRows === 0) await breathe();
    }
    for (const id of recent.slice(next)) {
      visitRecent(id);
      if (++rows % sliceRows === 0) await breathe();
    }
  }

  async function visit(partition: number, visitor: TableVisitor): Promise<TaskMark> {
    tables.root.resetReadTxn();
    const transaction = tables.root.useReadTransaction();
    try {
      const seen = mark(partition, transaction);
      const segments = storedSegments(tables, transaction);
      const journaled = await loadSegments(folder, segments);
      if (journaled !== undefined) {
        if (visitor.state) await visitTable('state', partition, transaction, journaled, visitor.state.bind(visitor));
        if (visitor.item) await visitTable('items', partition, transaction, journaled, visitor.item.bind(visitor));
        return seen;
      }
      refuseIfStillNamed(tables, folder, segments);
    } finally {
      transaction.done();
    }
    return visit(partition, visitor);
  }

  function readRow(table: RowTable, key: string): Uint8Array | undefined {
    const recent = unmerged().get(rowId(table, key));
    if (recent === undefined) return tables[table].getBinary(key);
    return recent === null ? undefined : Uint8Array.from(recent);
  }

  return {
    partitionCount,
    mark,
    end(topic, partition) {
      return tables.ends.get(endKey(topic, partition))?.readDoubleBE(0) ?? 0;
    },
    read(topic, partition, from, limit) {
      const found: InputRecord[] = [];
      if (limit <= 0) return found;
      for (const { key, value } of chunks(topic, partition, Math.max(from, 0))) {
        decodeChunk(value, offsetOfLogKey(key), from, limit, found);
        if (found.length >= limit) break;
      }
      return found;
    },
    readState: (partition, key) => readRow('state', tablePrefix(partition) + key),
    readItem: (partition, itemId) => readRow('items', tablePrefix(partition) + itemId),
    readModel(key) {
      tables.root.resetReadTxn(); // what was written just now is wanted
      return tables.models?.getBinary(key);
    },
    modelKeys(prefix) {
      tables.root.resetReadTxn();
      return [...(tables.models?.getKeys({ start: prefix, end: `${prefix}\u{10ffff}` }) ?? [])];
    },
    visit,
  };
}

/** For who looks at a folder that another process writes to: read again once a commit came. Merging alone changes no row. */
export function followJournal(tables: Tables, folder: string, partitionCount: number): () => Rows {
  let seen = -1;
  let rows: Rows = new Map();
  return () => {
    let found: Rows | undefined;
    do {
      tables.root.resetReadTxn(); // all that follows in this turn is of one moment, the latest
      let commits = 0;
      for (let partition = 0; partition < partitionCount; partition++) {
        const bytes = tables.marks.get(String(partition));
        commits += bytes === undefined ? 0 : decodeMark(bytes).commitCount;
      }
      if (commits === seen) return rows;
      const segments = storedSegments(tables);
      found = readSegments(folder, segments);
      if (found === undefined) refuseIfStillNamed(tables, folder, segments);
      else [seen, rows] = [commits, found];
    } while (found === undefined);
    return rows;
  };
}

type Transaction = ReturnType<Tables['root']['useReadTransaction']>;
