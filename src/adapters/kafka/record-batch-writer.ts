/**
 * Writes one record batch (format 2) in place, record by record, into a buffer that is used again for the next one: no
 * object a record, which is what writing through kafkajs costs most. Uncompressed, without headers, one time for all.
 */
import { crc32c } from './crc32c.ts';

const headerBytes = 61;
const firstBytes = 16 * 1024;
/** A buffer that grew beyond the usual limit of a batch is given back. */
const maxKeptBytes = 1024 * 1024;
const transactionalFlag = 0x10;
/** Attributes, time delta and number of headers: one byte each, all zero. */
const fixedRecordBytes = 3;

/** What a batch says about its producer: with the sequence it is what makes sending it again harmless. */
export interface BatchOrigin {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Number of the batch's first record among those of this producer in this partition. */
  readonly firstSequence: number;
  readonly isTransactional: boolean;
  readonly timestampMs: number;
}

export class RecordBatchWriter {
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #end = headerBytes;
  #recordCount = 0;

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Bytes of the whole batch so far. */
  get byteLength(): number {
    return this.#end;
  }

  /** Begins a new batch; the bytes of the last one are no longer valid. */
  clear(): void {
    this.#end = headerBytes;
    this.#recordCount = 0;
    if (this.#bytes.length > maxKeptBytes) this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
  }

  /** False, and nothing is written, when a batch that holds something would grow beyond `maxBytes`. */
  add(key: string | Uint8Array | null, value: Uint8Array | null, maxBytes = Infinity): boolean {
    const keyBytes = key === null ? -1 : typeof key === 'string' ? Buffer.byteLength(key) : key.length;
    const valueBytes = value === null ? -1 : value.length;
    const bodyBytes =
      fixedRecordBytes +
      varintBytes(this.#recordCount) +
      varintBytes(keyBytes) +
      Math.max(0, keyBytes) +
      varintBytes(valueBytes) +
      Math.max(0, valueBytes);
    const end = this.#end + varintBytes(bodyBytes) + bodyBytes;
    if (end > maxBytes && this.#recordCount > 0) return false;
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    let at = putVarint(bytes, this.#end, bodyBytes);
    bytes[at++] = 0;
    bytes[at++] = 0;
    at = putVarint(bytes, at, this.#recordCount);
    at = putVarint(bytes, at, keyBytes);
    if (typeof key === 'string') at += bytes.write(key, at);
    else if (key !== null) at = putBytes(bytes, at, key);
    at = putVarint(bytes, at, valueBytes);
    if (value !== null) at = putBytes(bytes, at, value);
    bytes[at] = 0;
    this.#end = end;
    this.#recordCount++;
    return true;
  }

  /** Fills the header in; a view of the whole batch, valid until it is cleared. */
  seal({ producerId, producerEpoch, firstSequence, isTransactional, timestampMs }: BatchOrigin): Buffer {
    const bytes = this.#bytes;
    bytes.fill(0, 0, 8); // base offset: the broker's to say
    bytes.writeInt32BE(this.#end - 12, 8);
    bytes.writeInt32BE(0, 12); // leader epoch: the broker's
    bytes[16] = 2;
    bytes.writeInt16BE(isTransactional ? transactionalFlag : 0, 21);
    bytes.writeInt32BE(this.#recordCount - 1, 23);
    bytes.writeBigInt64BE(BigInt(timestampMs), 27);
    bytes.writeBigInt64BE(BigInt(timestampMs), 35);
    bytes.writeBigInt64BE(producerId, 43);
    bytes.writeInt16BE(producerEpoch, 51);
    bytes.writeInt32BE(firstSequence, 53);
    bytes.writeInt32BE(this.#recordCount, 57);
    bytes.writeUInt32BE(crc32c(bytes, 21, this.#end), 17);
    return bytes.subarray(0, this.#end);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Of a zigzag varint; lengths, counts, and -1 for null. */
function varintBytes(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 7;
  let count = 1;
  for (; rest !== 0; rest >>>= 7) count++;
  return count;
}

/** Returns the position behind it. */
function putVarint(bytes: Buffer, at: number, value: number): number {
  let rest = (value << 1) ^ (value >> 31);
  for (; (rest & ~0x7f) !== 0; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

function putBytes(bytes: Buffer, at: number, from: Uint8Array): number {
  bytes.set(from, at);
  return at + from.length;
}
