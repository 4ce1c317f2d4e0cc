/** What a record must fulfil to be learned from. */
import { RejectedRecordError } from '../../errors.ts';
import type { Rating } from '../../ports/events.ts';
import type { FieldMapping, RatingFields } from './field-mapping.ts';
import { checkId } from './rating-id.ts';
import { checkRatedAt } from './rating-time.ts';
import { showValue } from './show-value.ts';

/** Lowest and highest rating, in the user's own units. */
export interface Scale {
  readonly lo: number;
  readonly hi: number;
}

const maxWeight = 10;

/** A function that turns fields into a rating or throws RejectedRecordError; its messages use the record's own names. */
export function createRatingCheck(
  scale: Scale,
  nowMs: () => number,
  names: FieldMapping,
): (fields: RatingFields) => Rating {
  const { lo, hi } = scale;
  const unit = names.ratedAtUnit ?? 'milliseconds';
  const eventIdName = names.eventId ?? 'eventId';
  const weightName = names.weight ?? 'weight';

  function checkRating(value: unknown, userId: string, itemId: string): number | null {
    if (value === null) return null;
    const rating = typeof value === 'bigint' ? Number(value) : value;
    if (typeof rating !== 'number')
      throw new RejectedRecordError(
        'FRESHET_WRONG_TYPE',
        `${names.rating} is ${showValue(value)}: a rating is a number, or null when it is withdrawn; fix the producer, or map ${names.rating} to the field that holds the rating`,
      );
    if (rating >= lo && rating <= hi) return rating;
    if (!Number.isFinite(rating))
      throw new RejectedRecordError(
        'FRESHET_RATING_NOT_FINITE',
        `${names.rating} is ${rating}, which is no finite number; fix the producer, and send null to withdraw a rating`,
      );
    throw new RejectedRecordError(
      'FRESHET_RATING_OUTSIDE_SCALE',
      `${names.rating} ${rating} of user ${showValue(userId)} for item ${showValue(itemId)} is outside the scale ${lo}..${hi}; fix the producer or widen the scale`,
    );
  }

  function checkWeight(value: unknown): number {
    if (value === undefined || value === null) return 1;
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new RejectedRecordError(
        'FRESHET_WRONG_TYPE',
        `${weightName} is ${showValue(value)}: a weight is a number; fix the producer or leave it out`,
      );
    const weight = Number(value);
    if (weight > 0 && weight <= maxWeight) return weight;
    throw new RejectedRecordError(
      'FRESHET_WEIGHT_INVALID',
      `${weightName} is ${showValue(value)}: a weight is above 0 and at most ${maxWeight}; fix the producer or leave it out`,
    );
  }

  return (fields) => {
    const userId = checkId(fields.userId, names.userId);
    const itemId = checkId(fields.itemId, names.itemId);
    const { eventId } = fields;
    return {
      userId,
      itemId,
      rating: checkRating(fields.rating, userId, itemId),
      ratedAtMs: checkRatedAt(fields.ratedAt, unit, nowMs(), names.ratedAt),
      eventId: eventId === undefined || eventId === null ? null : checkId(eventId, eventIdName),
      weight: checkWeight(fields.weight),
    };
  };
}
