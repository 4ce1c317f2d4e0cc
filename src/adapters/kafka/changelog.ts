/**
 * Topics and their records. Partition p of the changelogs is written by the task of input partition p alone, inside its
 * checkpoint's transaction.
 *
 * `users`: key and value are a StateChange's. `items`: the key is an ItemChange's, the value is
 *
 *   version (1 byte, 1) | fromOffset (8) | nextOffset (8) | bytes of the after-image (4) | after-image | delta
 *
 * all big-endian, null when the contribution is deleted. The span says which input offsets the delta covers, so that
 * deltas of several checkpoints may be added up into one record some day.
 */
import { CorruptStateError, InvariantViolation } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';

export interface KafkaTopics {
  readonly ratings: string;
  readonly predictions: string;
  /** Compacted: the latest top-N of each user. */
  readonly recommendations: string;
  /** Read, in the partition of the user as the ratings are; the answers go to `answers`. */
  readonly requests: string;
  readonly answers: string;
  readonly deadLetters: string;
  /** One for each user that was to be forgotten, once it is done. */
  readonly receipts: string;
  /** Compacted, like the items. */
  readonly users: string;
  readonly items: string;
  /** Compacted; one partition is enough, and only the first is used. */
  readonly models: string;
}

export const defaultTopics: KafkaTopics = {
  ratings: 'ratings',
  predictions: 'predictions',
  recommendations: 'recommendations',
  requests: 'prediction-requests',
  answers: 'prediction-answers',
  deadLetters: 'ratings.dead-letter',
  receipts: 'ratings.forget-receipts',
  users: 'freshet-users',
  items: 'freshet-items',
  models: 'freshet-models',
};

export interface ItemRecord {
  /** Input offsets that the delta covers: from, and up to but without. */
  readonly fromOffset: Offset;
  readonly nextOffset: Offset;
  readonly afterImage: Buffer;
  readonly delta: Buffer;
}

const recordVersion = 1;
const headerBytes = 1 + 8 + 8 + 4;

/** A fresh buffer; null, a tombstone, when there is no after-image. */
export function itemRecord(
  afterImage: Uint8Array | null,
  delta: Uint8Array,
  fromOffset: Offset,
  nextOffset: Offset,
): Buffer | null {
  if (afterImage === null) return null;
  if (
    !Number.isSafeInteger(fromOffset) ||
    !Number.isSafeInteger(nextOffset) ||
    fromOffset < 0 ||
    nextOffset < fromOffset
  ) {
    throw new InvariantViolation(`An item record was to cover offsets ${fromOffset}..${nextOffset}. Please report it.`);
  }
  const record = Buffer.allocUnsafe(headerBytes + afterImage.length + delta.length);
  record.writeUInt8(recordVersion, 0);
  record.writeBigUInt64BE(BigInt(fromOffset), 1);
  record.writeBigUInt64BE(BigInt(nextOffset), 9);
  record.writeUInt32BE(afterImage.length, 17);
  record.set(afterImage, headerBytes);
  record.set(delta, headerBytes + afterImage.length);
  return record;
}

/** After-image and delta are views into the value. */
export function parseItemRecord(value: Uint8Array): ItemRecord {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length === 0 || bytes[0] !== recordVersion) {
    throw new CorruptStateError(
      `A record of the items changelog has version ${bytes[0] ?? 'none'} where this version reads ${recordVersion}. ` +
        'Use the version that wrote it, or rebuild the state from the ratings.',
      { found: bytes[0] ?? null, expected: recordVersion },
    );
  }
  const deltaAt = bytes.length < headerBytes ? Infinity : headerBytes + bytes.readUInt32BE(17);
  if (deltaAt > bytes.length) {
    throw new CorruptStateError(
      `A record of the items changelog is cut short at ${bytes.length} bytes. Something other than Freshet wrote it; rebuild the state from the ratings.`,
      { bytes: bytes.length },
    );
  }
  return {
    fromOffset: spanOffset(bytes, 1),
    nextOffset: spanOffset(bytes, 9),
    afterImage: bytes.subarray(headerBytes, deltaAt),
    delta: bytes.subarray(deltaAt),
  };
}

/** The text of a changelog key, refused when it is missing or not UTF-8: it would name somebody else. */
export function parseChangelogKey(key: Uint8Array | null, topic: string, offset: Offset): string {
  if (key !== null) {
    const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
    const text = bytes.toString();
    if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text;
  }
  throw new CorruptStateError(
    `The record at offset ${offset} of ${topic} has ${key === null ? 'no key' : 'a key that is not UTF-8'}. ` +
      'Something other than Freshet wrote it; rebuild the state from the ratings.',
    { topic, offset },
  );
}

function spanOffset(bytes: Buffer, at: number): Offset {
  const offset = Number(bytes.readBigUInt64BE(at));
  if (Number.isSafeInteger(offset)) return offset;
  throw new CorruptStateError(`A record of the items changelog covers the offset ${offset}, which is no exact number.`);
}
