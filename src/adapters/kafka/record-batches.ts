/**
 * Record batches (format 2) as they come from the broker. The headers are read before any record is: they tell where a
 * batch ends even when compaction left nothing in it. Checksums are left to the broker and the connection.
 */
import { CorruptStateError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';

const headerBytes = 61;
const transactionalFlag = 0x10;
const controlFlag = 0x20;

export interface RecordBatch {
  readonly baseOffset: Offset;
  /** One past the last offset that the batch ever had. */
  readonly nextOffset: Offset;
  readonly producerId: bigint;
  readonly attributes: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly recordCount: number;
  /** The records, compressed as `attributes` say: a view into the response. */
  readonly body: Buffer;
}

/** The whole batches in the bytes; the last one is left out when the response cut it short. */
export function parseBatches(bytes: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const magic = bytes.readInt8(at + 16);
    if (magic !== 2) {
      throw new CorruptStateError(
        `A batch of records has format ${magic} where 2 is read. The topic was written by clients older than Kafka 0.11; ` +
          'copy it into a new topic.',
        { magic },
      );
    }
    const attributes = bytes.readInt16BE(at + 21);
    const baseOffset = Number(bytes.readBigInt64BE(at));
    batches.push({
      baseOffset,
      nextOffset: baseOffset + bytes.readInt32BE(at + 23) + 1,
      producerId: bytes.readBigInt64BE(at + 43),
      attributes,
      isTransactional: (attributes & transactionalFlag) !== 0,
      isControl: (attributes & controlFlag) !== 0,
      recordCount: bytes.readInt32BE(at + 57),
      body: bytes.subarray(at + headerBytes, end),
    });
    at = end;
  }
  return batches;
}

/** Calls `visit` for every record of an uncompressed body; key and value are views into it. */
export function visitRecords(
  body: Buffer,
  recordCount: number,
  baseOffset: Offset,
  visit: (offset: Offset, key: Buffer | null, value: Buffer | null) => void,
): void {
  const cursor: Cursor = { bytes: body, at: 0 };
  for (let record = 0; record < recordCount; record++) {
    const end = readVarint(cursor) + cursor.at;
    if (end > body.length) throw cutShort(baseOffset);
    cursor.at++; // attributes, unused by the format
    skipVarint(cursor); // time
    const offset = baseOffset + readVarint(cursor);
    const key = readBytes(cursor);
    visit(offset, key, readBytes(cursor));
    cursor.at = end; // behind the headers
  }
}

/** Type 0 ends an aborted transaction, 1 a committed one. */
export function isAbortMarker({ body, recordCount, baseOffset }: RecordBatch): boolean {
  let aborts = false;
  visitRecords(body, recordCount, baseOffset, (_, key) => {
    aborts ||= key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
  });
  return aborts;
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** A zigzag varint of at most 32 bits: lengths and offset deltas. */
function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = cursor.bytes[cursor.at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return (value >>> 1) ^ -(value & 1);
}

function skipVarint(cursor: Cursor): void {
  while ((cursor.bytes[cursor.at++] ?? 0) >= 0x80);
}

function readBytes(cursor: Cursor): Buffer | null {
  const length = readVarint(cursor);
  if (length < 0) return null;
  const from = cursor.at;
  cursor.at += length;
  return cursor.bytes.subarray(from, cursor.at);
}

function cutShort(baseOffset: Offset): CorruptStateError {
  return new CorruptStateError(
    `The batch at offset ${baseOffset} ends before its records do: it is damaged. Restore the topic from another replica.`,
    { baseOffset },
  );
}
