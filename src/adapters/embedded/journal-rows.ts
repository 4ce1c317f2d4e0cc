/**
 * Rows of the journal, as bytes and back. One after the other, big-endian: u16 id length, i32 value length (-1 for a row that goes),
 * id, value. Values are whole, so that rows may be applied again.
 */
import { CorruptStateError } from '../../errors.ts';
import type { TaskChange } from './engine.ts';
import { tablePrefix } from './lmdb-tables.ts';

export type RowTable = 'state' | 'items';

export interface JournaledRow {
  /** A letter for the table, and the key in it. */
  readonly id: string;
  /** Null when the row goes. */
  readonly value: Buffer | null;
}

/** Some rows, whose values lie in `bytes`. */
export interface Piece {
  readonly bytes: Buffer;
  readonly rows: readonly JournaledRow[];
}

const letters: Readonly<Record<RowTable, string>> = { state: 's', items: 'i' };

export const rowId = (table: RowTable, key: string): string => letters[table] + key;
export const tableOf = (id: string): RowTable => (id.startsWith(letters.state) ? 'state' : 'items');
export const keyOf = (id: string): string => id.slice(1);

const fullPieceBytes = 256 * 1024;
const rowHeadBytes = 6;

interface Unplaced {
  readonly id: string;
  readonly idBytes: number;
  readonly value: Uint8Array | null;
}

/** The rows of a change, a piece at each step, so that the caller can let others run between two. */
export function* piecesOf(change: TaskChange): Generator<Piece> {
  let rows: Unplaced[] = [];
  let sizeBytes = 0;
  for (const [id, value] of changedRows(change)) {
    const idBytes = Buffer.byteLength(id);
    rows.push({ id, idBytes, value });
    sizeBytes += rowHeadBytes + idBytes + (value?.length ?? 0);
    if (sizeBytes < fullPieceBytes) continue;
    yield encodePiece(rows, sizeBytes);
    rows = [];
    sizeBytes = 0;
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
  let at = 0;
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

/** The rows in their order; their values lie in `bytes`. */
export function* rowsOf(bytes: Buffer): Generator<JournaledRow> {
  for (let at = 0; at < bytes.length;) {
    const valueAt = at + rowHeadBytes + (at + rowHeadBytes <= bytes.length ? bytes.readUInt16BE(at) : 0);
    if (valueAt > bytes.length) throw damaged(bytes, at);
    const valueBytes = bytes.readInt32BE(at + 2);
    const end = valueAt + Math.max(valueBytes, 0);
    if (end > bytes.length) throw damaged(bytes, at);
    yield {
      id: bytes.toString('utf8', at + rowHeadBytes, valueAt),
      value: valueBytes < 0 ? null : bytes.subarray(valueAt, end),
    };
    at = end;
  }
}

const damaged = ({ length }: Buffer, at: number): CorruptStateError =>
  new CorruptStateError(
    `The journal's row at byte ${at} of ${length} cannot be read; the data folder is damaged: restore it from a copy.`,
    { at, sizeBytes: length },
  );
