/**
 * The journal of a data folder: what checkpoints have changed and the tables do not hold yet, in pieces in their order. A commit
 * writes its rows one after the other [Rosenblum92, sec. 3] instead of each to a page of its own; later writes bring them into the
 * tables, a row that changed again meanwhile once.
 *
 * A piece, big-endian: u32 row count; then for each row u16 id length, i32 value length (-1 for a row that goes), id, value.
 * Values are whole, so that a piece may be applied again.
 */
import { CorruptStateError } from '../../errors.ts';
import type { TaskChange } from './engine.ts';
import { tablePrefix, type Tables } from './lmdb-tables.ts';

export type RowTable = 'state' | 'items';

export interface JournaledRow {
  /** A letter for the table, and the key in it. */
  readonly id: string;
  /** Null when the row goes. */
  readonly value: Buffer | null;
}

const letters: Readonly<Record<RowTable, string>> = { state: 's', items: 'i' };

export const rowId = (table: RowTable, key: string): string => letters[table] + key;
export const tableOf = (id: string): RowTable => (id.startsWith(letters.state) ? 'state' : 'items');
export const keyOf = (id: string): string => id.slice(1);

export interface Piece {
  readonly bytes: Buffer;
  /** Their values lie in `bytes`. */
  readonly rows: readonly JournaledRow[];
}

/** As large as a chunk of a log: it takes few pages in a row. */
const fullPieceBytes = 64 * 1024;
const headBytes = 4;
const rowHeadBytes = 6;

interface Unplaced {
  readonly id: string;
  readonly idBytes: number;
  readonly value: Uint8Array | null;
}

/** The rows of a change as pieces, one at each step, so that the caller can let others run between two. */
export function* piecesOf(change: TaskChange): Generator<Piece> {
  let rows: Unplaced[] = [];
  let sizeBytes = headBytes;
  for (const [id, value] of changedRows(change)) {
    const idBytes = Buffer.byteLength(id);
    rows.push({ id, idBytes, value });
    sizeBytes += rowHeadBytes + idBytes + (value?.length ?? 0);
    if (sizeBytes < fullPieceBytes) continue;
    yield encodePiece(rows, sizeBytes);
    rows = [];
    sizeBytes = headBytes;
  }
  if (rows.length > 0) yield encodePiece(rows, sizeBytes);
}

function* changedRows({ partition, state, items }: TaskChange): Generator<readonly [string, Uint8Array | null]> {
  const [inState, inItems] = [rowId('state', tablePrefix(partition)), rowId('items', tablePrefix(partition))];
  for (const { key, value } of state) yield [inState + key, value];
  for (const { itemId, afterImage } of items) yield [inItems + itemId, afterImage];
}

function encodePiece(unplaced: readonly Unplaced[], sizeBytes: number): Piece {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let at = bytes.writeUInt32BE(unplaced.length, 0);
  const rows = unplaced.map(({ id, idBytes, value }): JournaledRow => {
    at = bytes.writeUInt16BE(idBytes, at);
    at = bytes.writeInt32BE(value === null ? -1 : value.length, at);
    at += bytes.write(id, at);
    const valueAt = at;
    if (value !== null) bytes.set(value, at);
    at += value?.length ?? 0;
    return { id, value: value === null ? null : bytes.subarray(valueAt, at) };
  });
  return { bytes, rows };
}

export function rowsOf(bytes: Buffer): readonly JournaledRow[] {
  try {
    const rows: JournaledRow[] = [];
    let at = headBytes;
    for (let count = bytes.readUInt32BE(0); count > 0; count--) {
      const idAt = at + rowHeadBytes;
      const valueAt = idAt + bytes.readUInt16BE(at);
      const valueBytes = bytes.readInt32BE(at + 2);
      at = valueAt + Math.max(valueBytes, 0);
      if (at > bytes.length) throw new RangeError(`a row ends at byte ${at} of ${bytes.length}`);
      rows.push({
        id: bytes.toString('utf8', idAt, valueAt),
        value: valueBytes < 0 ? null : bytes.subarray(valueAt, at),
      });
    }
    return rows;
  } catch (cause) {
    throw new CorruptStateError(
      `A piece of the journal, of ${bytes.length} bytes, cannot be read; the data folder is damaged: restore it from a copy.`,
      { sizeBytes: bytes.length },
      cause,
    );
  }
}

type Transaction = ReturnType<Tables['root']['useReadTransaction']>;

/** The pieces that the folder holds, in order, by their numbers. */
export function* storedPieces({ journal }: Tables, transaction?: Transaction): Generator<readonly [number, Buffer]> {
  if (journal === undefined) return;
  const range = transaction === undefined ? {} : { transaction };
  for (const { key, value } of journal.getRange(range)) yield [numberOf(key), value];
}

export function pieceKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(number));
  return key;
}

const numberOf = (key: Uint8Array): number =>
  Number(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigUInt64BE());
