/** A table's ratings as they are sent, each with an event id that is the same whenever the file is sent again. */
import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RatingsTable } from '../../ports/ratings-table.ts';

/** As POST /ratings takes it. */
export interface RatingEntry {
  readonly userId: string;
  readonly itemId: string;
  readonly rating: number;
  readonly ratedAt: number;
  readonly eventId: string;
}

export interface Entries {
  readonly count: number;
  /** In time order, in pieces of at most `size`. */
  batches(size: number): Generator<readonly RatingEntry[]>;
}

export interface SendingPlan {
  readonly entries: Entries;
  /** Ratings a second; undefined for no limit. */
  readonly rate: number | undefined;
  /** Entries that are durable where they were sent, or were refused there. */
  sentCount: number;
}

/**
 * The event id is a hash of the rating itself (user, item, value, time), not of its line: a line that is added or left
 * out does not make other ratings look sent. Equal ratings of the same time are told apart by counting them.
 */
export function ratingEntries(table: RatingsTable, skip: number): Entries {
  const length = table.ratings.length;
  return {
    count: Math.max(0, length - skip),
    *batches(size) {
      let batch: RatingEntry[] = [];
      let sameTime = { ratedAt: Number.NaN, seen: new Map<string, number>() };
      for (let index = 0; index < length; index++) {
        const ratedAt = Math.round(table.ratedAtMs[index] ?? 0);
        if (ratedAt !== sameTime.ratedAt) sameTime = { ratedAt, seen: new Map() };
        const userId = table.users[table.userIndex[index] ?? 0] ?? '';
        const itemId = table.items[table.itemIndex[index] ?? 0] ?? '';
        const rating = table.ratings[index] ?? 0;
        const digest = hash('sha1', JSON.stringify([userId, itemId, rating, ratedAt]), 'base64url').slice(0, 20);
        const earlier = sameTime.seen.get(digest) ?? 0;
        sameTime.seen.set(digest, earlier + 1);
        if (index < skip) continue;
        batch.push({ userId, itemId, rating, ratedAt, eventId: `file-${digest}${earlier === 0 ? '' : `.${earlier}`}` });
        if (batch.length < size) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },
  };
}

/** Small enough for a steady flow at low rates: about ten batches a second. */
export const batchSizeAt = (rate: number | undefined, largest: number): number =>
  rate === undefined ? largest : Math.min(largest, Math.max(1, Math.ceil(rate / 10)));

/** Call before sending so many: waits until the rate allows it. */
export function pacer(rate: number | undefined, signal: AbortSignal): (count: number) => Promise<void> {
  const startMs = performance.now();
  let allowed = 0;
  return async (count) => {
    signal.throwIfAborted();
    if (rate === undefined) return;
    const waitMs = startMs + (allowed / rate) * 1000 - performance.now();
    allowed += count;
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
  };
}
