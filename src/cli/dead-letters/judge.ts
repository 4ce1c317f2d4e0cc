/** Whether a refused record would be taken today, for whom, and which record it is. */
import { hash } from 'node:crypto';
import { RejectedRecordError } from '../../errors.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import type { OutputRecord } from '../../ports/transport.ts';

export interface LettersReplay {
  readonly deadLetters: number;
  /** Appended to the ratings log now: one record for all letters of the same bytes. */
  readonly replayed: number;
  /** Letters whose bytes need no appending, or no second time. */
  readonly alreadyIn: number;
  readonly stillRefused: number;
  /** Of those that are still refused: how many by code. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Why the record would be refused today; null when it would not. */
export function refusalOf(codec: RatingDecoder, record: OutputRecord): RejectedRecordError | null {
  try {
    userOf(codec, record);
    return null;
  } catch (error) {
    if (error instanceof RejectedRecordError) return error;
    throw error;
  }
}

export const userOf = (codec: RatingDecoder, { key, value }: OutputRecord): string =>
  value === null ? codec.decodeUserKey(key ?? new Uint8Array(0)) : codec.decodeRating(value).userId;

export function digestOf({ key, value }: OutputRecord): string {
  const head = Buffer.from(`${key?.length ?? -1}:${value?.length ?? -1}:`);
  return hash('sha1', Buffer.concat([head, key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]), 'base64');
}
