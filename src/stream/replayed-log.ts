/** The events of the ratings log in an order in which one learner goes through all partitions: each in its own order, side by side. */
import { RejectedRecordError } from '../errors.ts';
import { toInner, type Scale } from '../model/scale.ts';
import type { RatingDecoder } from '../ports/codec.ts';
import type { LoggedRatings } from '../ports/logged-ratings.ts';
import type { InputRecord, Offset } from '../ports/transport.ts';
import { EventIds } from './event-ids.ts';
import type { ReplayedEvent } from './replayed.ts';

export interface LoggedEvent {
  readonly partition: number;
  readonly offset: Offset;
  readonly event: ReplayedEvent;
}

/** `ends`: by partition, the first offset that is not wanted. What a worker refuses or skips is left out. */
export async function readLoggedEvents(
  log: LoggedRatings,
  codec: Pick<RatingDecoder, 'decodeRating' | 'decodeUserKey'>,
  scale: Scale,
  ends: readonly Offset[],
): Promise<LoggedEvent[]> {
  const found: (LoggedEvent & { readonly share: number })[] = [];
  for (const [partition, to] of ends.entries()) {
    const { start } = await log.bounds(partition);
    const eventIds = new EventIds();
    await log.read(partition, start, to, (records) => {
      for (const record of records) {
        const event = eventOf(record, codec, scale, eventIds);
        const { offset } = record;
        if (event !== null) found.push({ partition, offset, event, share: (offset - start) / (to - start) });
      }
    });
  }
  return ends.length === 1 ? found : found.sort((a, b) => a.share - b.share || a.partition - b.partition);
}

function eventOf(
  { key, value }: InputRecord,
  codec: Pick<RatingDecoder, 'decodeRating' | 'decodeUserKey'>,
  scale: Scale,
  eventIds: EventIds,
): ReplayedEvent | null {
  try {
    if (value === null) {
      eventIds.add(null);
      return { forgetUserId: codec.decodeUserKey(key ?? new Uint8Array(0)) };
    }
    const { userId, itemId, rating, ratedAtMs, eventId, weight } = codec.decodeRating(value);
    const isDuplicate = eventId !== null && eventIds.isDuplicate(eventId);
    eventIds.add(isDuplicate ? null : eventId);
    if (isDuplicate) return null;
    const inner = rating === null ? null : toInner(scale, rating);
    return { userId, itemId, rating: inner, seconds: Math.floor(ratedAtMs / 1000), weight };
  } catch (error) {
    if (!(error instanceof RejectedRecordError)) throw error;
    eventIds.add(null);
    return null;
  }
}
