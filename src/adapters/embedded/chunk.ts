/**
 * Many records of a log as one stored value, so that a record costs its bytes and little more.
 * Layout, big-endian: u32 record count; then for each record i32 key length, i32 value length (-1 for null), key, value.
 */
import { CorruptStateError } from '../../errors.ts';
import type { InputRecord, Offset, OutputRecord } from '../../ports/transport.ts';

/** A chunk is closed once it holds this much: large enough to be cheap, small enough to be read for one record. */
const fullChunkBytes = 64 * 1024;
const headBytes = 4;
const recordHeadBytes = 8;

export interface Chunk {
  readonly recordCount: number;
  readonly bytes: Uint8Array;
}

/** The records as chunks, one at each step, so that the caller can let others run between two. */
export function* encodeChunks(records: readonly OutputRecord[]): Generator<Chunk> {
  let first = 0;
  let sizeBytes = headBytes;
  for (const [index, record] of records.entries()) {
    sizeBytes += recordHeadBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (sizeBytes >= fullChunkBytes || index === records.length - 1) {
      yield encodeChunk(records.slice(first, index + 1), sizeBytes);
      first = index + 1;
      sizeBytes = headBytes;
    }
  }
}

function encodeChunk(records: readonly OutputRecord[], sizeBytes: number): Chunk {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let at = bytes.writeUInt32BE(records.length, 0);
  for (const { key, value } of records) {
    at = bytes.writeInt32BE(key === null ? -1 : key.length, at);
    at = bytes.writeInt32BE(value === null ? -1 : value.length, at);
    if (key !== null) {
      bytes.set(key, at);
      at += key.length;
    }
    if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
  }
  return { recordCount: records.length, bytes };
}

/** Appends to `into` the records from offset `from` on until it holds `limit`; returns one past the chunk's last offset. */
export function decodeChunk(
  bytes: Buffer,
  firstOffset: Offset,
  from: Offset,
  limit: number,
  into: InputRecord[],
): Offset {
  try {
    const recordCount = bytes.readUInt32BE(0);
    let at = headBytes;
    for (let index = 0; index < recordCount && into.length < limit; index++) {
      const keyBytes = bytes.readInt32BE(at);
      const valueBytes = bytes.readInt32BE(at + 4);
      const keyAt = at + recordHeadBytes;
      const valueAt = keyAt + Math.max(keyBytes, 0);
      at = valueAt + Math.max(valueBytes, 0);
      if (at > bytes.length) throw new RangeError(`record ${index} ends at byte ${at} of ${bytes.length}`);
      const offset = firstOffset + index;
      if (offset < from) continue;
      const key = keyBytes < 0 ? null : bytes.subarray(keyAt, valueAt);
      into.push({ offset, key, value: valueBytes < 0 ? null : bytes.subarray(valueAt, at) });
    }
    return firstOffset + recordCount;
  } catch (cause) {
    throw new CorruptStateError(
      `The log chunk at offset ${firstOffset} cannot be read; the data folder is damaged: restore it from a copy.`,
      { firstOffset, sizeBytes: bytes.length },
      cause,
    );
  }
}
