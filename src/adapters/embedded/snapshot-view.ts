/**
 * The copy of one changelog partition in tables of its own. Every row ends in a checksum of its key and value, and the
 * mark has the sum and the number of them: a damaged, lost or foreign row shows itself before any is used.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { RootDatabase } from 'lmdb';
import { InvariantViolation } from '../../errors.ts';
import type { CopyMark, ViewMark, ViewName } from '../../ports/changelog-views.ts';
import { textKeys, type Table } from './lmdb-tables.ts';

/** Rows of one transaction: fewer would write most pages anew for each of them. */
const writtenRows = 4000;
/** Rows read or made ready before others may run: about a millisecond. */
const sliceRows = 400;
const checksumBytes = 4;
/** Sums of checksums stay exact numbers below this. */
const sumModulus = 2 ** 48;
/** LMDB takes keys of 1978 bytes, and none without any. */
const longestKeyBytes = 1978;

interface StoredMark extends CopyMark {
  readonly checksum: number;
}

export interface SnapshotView {
  mark(): Promise<CopyMark | null>;
  visit(visit: (key: string, value: Uint8Array) => void): Promise<void>;
  read(key: string): Uint8Array | undefined;
  write(changes: ReadonlyMap<string, Uint8Array | null>, mark: ViewMark): Promise<void>;
  drop(): Promise<void>;
}

export interface SnapshotViewOptions {
  readonly name: ViewName;
  readonly root: RootDatabase<Buffer, string>;
  readonly marks: Table;
  /** Hears why a copy is dropped. */
  readonly onDamage: (reason: string) => void;
}

export function createSnapshotView({ name, root, marks, onDamage }: SnapshotViewOptions): SnapshotView {
  const rows: Table = root.openDB(name, { encoding: 'binary', keyEncoder: textKeys } as object);
  root.resetReadTxn(); // reads that have begun do not see a table that was made after them
  let current: StoredMark | null = null;
  let verifying: Promise<void> | null = null;

  const verified = (): Promise<void> => (verifying ??= verify());

  async function verify(): Promise<void> {
    root.resetReadTxn();
    const bytes = marks.get(name);
    if (bytes === undefined) {
      const isEmpty = [...rows.getKeys({ limit: 1 })].length === 0;
      return isEmpty ? undefined : rows.clearAsync(); // what an interrupted drop has left
    }
    try {
      const stored = JSON.parse(bytes.toString()) as StoredMark;
      let rowCount = 0;
      let checksum = 0;
      await forEachRow((key, row) => {
        checksum = (checksum + checked(key, row)) % sumModulus;
        rowCount++;
      });
      if (rowCount !== stored.rowCount || checksum !== stored.checksum) {
        throw new Error(`${rowCount} rows are not the ${stored.rowCount} that were written`);
      }
      current = stored;
    } catch (error) {
      onDamage(error instanceof Error ? error.message : String(error));
      await drop();
    }
  }

  async function forEachRow(visit: (key: string, row: Buffer) => void): Promise<void> {
    root.resetReadTxn();
    const transaction = root.useReadTransaction();
    try {
      let count = 0;
      for (const { key, value } of rows.getRange({ transaction })) {
        visit(key, value);
        if (++count % sliceRows === 0) await breathe();
      }
    } finally {
      transaction.done();
    }
  }

  async function writeSlice(changes: readonly (readonly [string, Uint8Array | null])[], mark: ViewMark): Promise<void> {
    root.resetReadTxn(); // the checksums below are those of the last slice
    let { rowCount, checksum } = current ?? { rowCount: 0, checksum: 0 };
    const puts: (readonly [string, Buffer | null])[] = [];
    for (const [key, value] of changes) {
      const former = rows.getBinaryFast(key);
      if (former !== undefined) {
        rowCount--;
        checksum -= former.readUInt32BE(former.length - checksumBytes);
      }
      const row = value === null ? null : withChecksum(key, value);
      if (row !== null) {
        rowCount++;
        checksum += row.readUInt32BE(row.length - checksumBytes);
      }
      puts.push([key, row]);
      if (puts.length % sliceRows === 0) await breathe();
    }
    checksum = ((checksum % sumModulus) + sumModulus) % sumModulus;
    const next: StoredMark = { position: mark.position, asOfMs: mark.asOfMs, rowCount, checksum };
    await root.batch(() => {
      for (const [key, row] of puts) void (row === null ? rows.remove(key) : rows.put(key, row));
      void marks.put(name, Buffer.from(JSON.stringify(next)));
    });
    current = next;
  }

  async function drop(): Promise<void> {
    current = null;
    await marks.remove(name);
    await rows.clearAsync();
  }

  return {
    async mark() {
      await verified();
      if (current === null) return null;
      const { position, asOfMs, rowCount } = current;
      return { position, asOfMs, rowCount };
    },
    async visit(visit) {
      await verified();
      await forEachRow((key, row) => visit(key, row.subarray(0, row.length - checksumBytes)));
    },
    read(key) {
      const row = current === null ? undefined : rows.getBinary(key);
      return row?.subarray(0, row.length - checksumBytes);
    },
    async write(changes, mark) {
      await verified();
      const before = current ?? { ...mark, position: 0 };
      let slice: [string, Uint8Array | null][] = [];
      for (const change of changes) {
        if (slice.length === writtenRows) {
          await writeSlice(slice, before);
          slice = [];
        }
        slice.push(change);
      }
      await writeSlice(slice, mark);
    },
    async drop() {
      await verified();
      await drop();
    },
  };
}

function checked(key: string, row: Buffer): number {
  const valueBytes = row.length - checksumBytes;
  const found = valueBytes < 0 ? -1 : row.readUInt32BE(valueBytes);
  if (found === checksumOf(key, row.subarray(0, valueBytes))) return found;
  throw new Error(`the row of a key of ${key.length} characters does not match its checksum`);
}

/** zlib goes on from a checksum over no bytes, or begins anew, by where they lie: they are left out. */
const checksumOf = (key: string, value: Uint8Array): number =>
  value.length === 0 ? crc32(key) : crc32(value, crc32(key));

function withChecksum(key: string, value: Uint8Array): Buffer {
  const keyBytes = key.length * 3 <= longestKeyBytes ? key.length : Buffer.byteLength(key);
  if (keyBytes === 0 || keyBytes > longestKeyBytes) {
    throw new InvariantViolation(`A key of ${keyBytes} bytes was to be kept in a snapshot. Please report it.`);
  }
  const row = Buffer.allocUnsafeSlow(value.length + checksumBytes);
  row.set(value);
  row.writeUInt32BE(checksumOf(key, value), value.length);
  return row;
}
