/** Refused records, for those who look after a worker. Called by adapters/http; joined in cli/dead-letters. */
import type { DeadLetter } from './events.ts';
import type { Offset } from './transport.ts';

export interface StoredLetter extends DeadLetter {
  /** Of the letter itself, not of the record that was refused. */
  readonly letterOffset: Offset;
}

export interface ShownLetter extends StoredLetter {
  readonly letterPartition: number;
  /** Its bytes were put into the ratings again after they were refused. */
  readonly isRetried: boolean;
}

export interface LatestLetters {
  /** How many there are in all; null where that is not known without reading them. */
  readonly total: number | null;
  /** Newest first. */
  readonly letters: readonly ShownLetter[];
}

/**
 * - `retried`: the untouched bytes stand in the ratings again, there, and it is remembered that they do;
 * - `already-in`: they did before;
 * - `refused`: they would be refused once more, and were left alone;
 * - `unknown`: there is no such letter, or no longer, or too many came after it.
 */
export type RetryResult =
  | { readonly kind: 'retried'; readonly partition: number; readonly offset: Offset }
  | { readonly kind: 'already-in' }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }
  | { readonly kind: 'unknown' };

export interface DeadLetterBox {
  /** The latest so many of all partitions. */
  latest(count: number): Promise<LatestLetters>;
  /**
   * Another try for one letter. Laws: the record comes into the ratings at most once for each time that it was refused,
   * whoever asks and however often; letters of the same bytes are one record.
   */
  retry(letterPartition: number, letterOffset: Offset): Promise<RetryResult>;
}
