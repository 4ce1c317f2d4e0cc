/** Reading a data folder: shared by the process that writes it and by those that only look. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { InputRecord, Offset, TopicName } from '../../ports/transport.ts';
import { decodeChunk } from './chunk.ts';
import { freshMark, type EngineReads, type TableVisitor, type TaskMark } from './engine.ts';
import {
  decodeMark,
  endKey,
  logKey,
  offsetOfLogKey,
  tablePrefix,
  tablePrefixEnd,
  type Table,
  type Tables,
} from './lmdb-tables.ts';

/** Rows visited before others may run: about a millisecond. */
const sliceRows = 500;

export function createLmdbReads(tables: Tables, partitionCount: number): EngineReads {
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
    table: Table,
    partition: number,
    transaction: Transaction,
    visit: (id: string, value: Buffer) => void,
  ): Promise<void> {
    const prefix = tablePrefix(partition);
    let rows = 0;
    for (const { key, value } of table.getRange({ start: prefix, end: tablePrefixEnd(partition), transaction })) {
      visit(key.slice(prefix.length), value);
      if (++rows % sliceRows === 0) await breathe();
    }
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
    readState: (partition, key) => tables.state.getBinary(tablePrefix(partition) + key),
    readItem: (partition, itemId) => tables.items.getBinary(tablePrefix(partition) + itemId),
    readModel(key) {
      tables.root.resetReadTxn(); // what was written just now is wanted
      return tables.models?.getBinary(key);
    },
    modelKeys(prefix) {
      tables.root.resetReadTxn();
      return [...(tables.models?.getKeys({ start: prefix, end: `${prefix}\u{10ffff}` }) ?? [])];
    },
    async visit(partition, visitor: TableVisitor) {
      tables.root.resetReadTxn();
      const transaction = tables.root.useReadTransaction();
      try {
        const seen = mark(partition, transaction);
        if (visitor.state) await visitTable(tables.state, partition, transaction, visitor.state.bind(visitor));
        if (visitor.item) await visitTable(tables.items, partition, transaction, visitor.item.bind(visitor));
        return seen;
      } finally {
        transaction.done();
      }
    },
  };
}

type Transaction = ReturnType<Tables['root']['useReadTransaction']>;
