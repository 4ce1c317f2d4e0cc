/** Records of the ratings topic as tests write them. */
import type { Rating } from '../../src/ports/events.ts';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import { flowCodec } from './flow-worker.ts';
import { testNowMs } from './test-clock.ts';

const utf8 = new TextEncoder();
const dayMs = 86_400_000;

type RatingExtras = Partial<Omit<Rating, 'userId' | 'itemId' | 'rating'>>;

/** A rating, ten days old unless said otherwise. */
export function rate(userId: string, itemId: string, rating: number | null, extras: RatingExtras = {}): OutputRecord {
  const event: Rating = {
    userId,
    itemId,
    rating,
    ratedAtMs: testNowMs - 10 * dayMs,
    eventId: null,
    weight: 1,
    ...extras,
  };
  return { key: utf8.encode(userId), value: flowCodec.encodeRating(event) };
}

export const withdraw = (userId: string, itemId: string, extras: RatingExtras = {}): OutputRecord =>
  rate(userId, itemId, null, extras);

/** The tombstone: forget the user. */
export const forget = (userId: string): OutputRecord => ({ key: utf8.encode(userId), value: null });

/** A record of any value under the key "raw". */
export const raw = (value: Uint8Array | string): OutputRecord => ({
  key: utf8.encode('raw'),
  value: typeof value === 'string' ? utf8.encode(value) : value,
});

export const partitionOfRecord = (record: OutputRecord, partitionCount: number): number =>
  partitionOf(record.key ?? new Uint8Array(0), partitionCount);
