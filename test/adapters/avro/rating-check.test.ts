import { describe, expect, test } from 'vitest';
import { createCodec } from '../../../src/adapters/avro/codec.ts';
import type { FieldMapping } from '../../../src/adapters/avro/field-mapping.ts';
import { RejectedRecordError, type RejectionCode } from '../../../src/errors.ts';

const nowMs = Date.parse('2026-01-31T12:00:00Z');
const dayMs = 86_400_000;
const codecFor = (mapping?: FieldMapping) =>
  createCodec({ scale: { lo: 0.5, hi: 5 }, nowMs: () => nowMs, ...(mapping && { mapping }) });
const codec = codecFor();
const good = { userId: 'u', itemId: 'i', rating: 4, ratedAt: nowMs };

function refusal(work: () => unknown): RejectedRecordError {
  try {
    work();
  } catch (error) {
    if (error instanceof RejectedRecordError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('refuses', () => {
  test.each<[RejectionCode, Record<string, unknown>, string]>([
    ['FRESHET_WRONG_TYPE', { rating: '4' }, 'rating is "4"'],
    ['FRESHET_WRONG_TYPE', { rating: undefined }, 'rating is missing'],
    ['FRESHET_WRONG_TYPE', { rating: true }, 'rating is true'],
    ['FRESHET_WRONG_TYPE', { rating: [4] }, 'rating is an array of 1'],
    ['FRESHET_RATING_NOT_FINITE', { rating: NaN }, 'rating is NaN'],
    ['FRESHET_RATING_NOT_FINITE', { rating: Infinity }, 'rating is Infinity'],
    [
      'FRESHET_RATING_OUTSIDE_SCALE',
      { rating: 7.5 },
      'rating 7.5 of user "u" for item "i" is outside the scale 0.5..5',
    ],
    ['FRESHET_RATING_OUTSIDE_SCALE', { rating: 0.49 }, 'rating 0.49'],
    ['FRESHET_ID_INVALID', { userId: '' }, 'userId is empty'],
    ['FRESHET_ID_INVALID', { itemId: 'x'.repeat(257) }, 'has 257 bytes, more than 256'],
    ['FRESHET_ID_INVALID', { itemId: '映'.repeat(86) }, 'has 258 bytes'],
    ['FRESHET_ID_INVALID', { userId: 'a\ud800b' }, 'not well-formed'],
    ['FRESHET_ID_INVALID', { userId: 2 ** 53 }, 'userId is the number 9007199254740992'],
    ['FRESHET_ID_INVALID', { userId: 1.5 }, 'userId is the number 1.5'],
    ['FRESHET_ID_INVALID', { eventId: '' }, 'eventId is empty'],
    ['FRESHET_WRONG_TYPE', { userId: null }, 'userId is null'],
    ['FRESHET_WRONG_TYPE', { itemId: undefined }, 'itemId is missing'],
    ['FRESHET_WRONG_TYPE', { userId: { id: 1 } }, 'userId is an object'],
    ['FRESHET_WRONG_TYPE', { eventId: false }, 'eventId is false'],
    ['FRESHET_WRONG_TYPE', { ratedAt: undefined }, 'ratedAt is missing'],
    ['FRESHET_WRONG_TYPE', { ratedAt: null }, 'ratedAt is null'],
    ['FRESHET_TIME_INVALID', { ratedAt: -1 }, 'before 1970'],
    ['FRESHET_TIME_INVALID', { ratedAt: nowMs + dayMs + 1 }, 'more than a day ahead'],
    ['FRESHET_TIME_INVALID', { ratedAt: NaN }, 'ratedAt is NaN'],
    ['FRESHET_TIME_INVALID', { ratedAt: 1e300 }, '1e+300'],
    ['FRESHET_TIME_INVALID', { ratedAt: '1769860800000' }, 'no ISO 8601 time'],
    ['FRESHET_TIME_INVALID', { ratedAt: 'yesterday' }, 'no ISO 8601 time'],
    ['FRESHET_TIME_INVALID', { ratedAt: '2026-13-01' }, 'no ISO 8601 time'],
    ['FRESHET_TIME_INVALID', { ratedAt: '1969-12-31T23:59:59Z' }, 'before 1970'],
    ['FRESHET_WEIGHT_INVALID', { weight: 0 }, 'weight is 0'],
    ['FRESHET_WEIGHT_INVALID', { weight: -1 }, 'weight is -1'],
    ['FRESHET_WEIGHT_INVALID', { weight: 10.01 }, 'weight is 10.01'],
    ['FRESHET_WEIGHT_INVALID', { weight: NaN }, 'weight is NaN'],
    ['FRESHET_WRONG_TYPE', { weight: '1' }, 'weight is "1"'],
  ])('%s: %j', (code, wrong, says) => {
    const error = refusal(() => codec.toRating({ ...good, ...wrong }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
  });

  test('a rating that overflows in JSON', () => {
    const json = Buffer.from('{"userId":"u","itemId":"i","rating":1e999,"ratedAt":1}');
    expect(refusal(() => codec.decodeRating(json)).code).toBe('FRESHET_RATING_NOT_FINITE');
  });

  test('with at most 80 characters of a value', () => {
    const { message } = refusal(() => codec.toRating({ ...good, rating: 'x'.repeat(100_000) }));
    expect(message).toContain(`"${'x'.repeat(80)}…"`);
    expect(message.length).toBeLessThan(400);
  });
});

describe('accepts', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a withdrawal', { rating: null }, { rating: null }],
    ['the ends of the scale', { rating: 0.5 }, { rating: 0.5 }],
    [
      'safe integers as ids',
      { userId: -7, itemId: 0, eventId: 2 ** 53 - 1 },
      { userId: '-7', itemId: '0', eventId: '9007199254740991' },
    ],
    ['ids of 256 bytes', { userId: 'é'.repeat(128) }, { userId: 'é'.repeat(128) }],
    ['ids with spaces, untrimmed', { userId: ' ' }, { userId: ' ' }],
    ['the very first moment', { ratedAt: 0 }, { ratedAtMs: 0 }],
    ['a clock that is a day ahead', { ratedAt: nowMs + dayMs }, { ratedAtMs: nowMs + dayMs }],
    ['ISO 8601 in UTC', { ratedAt: '2026-01-31T11:59:59.250Z' }, { ratedAtMs: nowMs - 750 }],
    ['ISO 8601 with an offset', { ratedAt: '2026-01-31T13:00:00+01:00' }, { ratedAtMs: nowMs }],
    ['ISO 8601 without one, as UTC', { ratedAt: '2026-01-31 12:00:00' }, { ratedAtMs: nowMs }],
    ['a date, as UTC', { ratedAt: '2026-01-31' }, { ratedAtMs: nowMs - dayMs / 2 }],
    ['fractions of a millisecond, rounded', { ratedAt: 1000.6 }, { ratedAtMs: 1001 }],
    ['null for what is optional', { eventId: null, weight: null }, { eventId: null, weight: 1 }],
    ['the largest weight', { weight: 10 }, { weight: 10 }],
    ['fields it does not know', { colour: { deep: [1, 2] } }, {}],
  ])('%s', (_name, given, expected) => {
    const plain = { userId: 'u', itemId: 'i', rating: 4, ratedAtMs: nowMs, eventId: null, weight: 1 };
    expect(codec.toRating({ ...good, ...given })).toEqual({ ...plain, ...expected });
  });
});

describe('a mapping', () => {
  const mapping: FieldMapping = {
    userId: 'customer.id',
    itemId: 'lines.0.sku',
    rating: 'stars',
    ratedAt: 'at',
    ratedAtUnit: 'seconds',
  };
  const mapped = codecFor(mapping);
  const review = {
    customer: { id: 9 },
    lines: [{ sku: 's-1' }],
    stars: 5,
    at: nowMs / 1000,
    weight: 900,
    eventId: 'e',
  };
  const expected = { userId: '9', itemId: 's-1', rating: 5, ratedAtMs: nowMs, eventId: null, weight: 1 };

  test("makes a rating of a user's own record, and reads only what it names", () => {
    expect(mapped.toRating(review)).toEqual(expected);
    expect(mapped.decodeRating(Buffer.from(JSON.stringify(review)))).toEqual(expected);
    const more = codecFor({ ...mapping, eventId: 'order', weight: 'trust' });
    expect(more.toRating({ ...review, order: 12, trust: 0.5 })).toEqual({ ...expected, eventId: '12', weight: 0.5 });
  });

  test("leaves Freshet's own rating event alone", () => {
    const rating = { ...expected, eventId: 'e', weight: 2 };
    expect(mapped.decodeRating(mapped.encodeRating(rating))).toEqual(rating);
  });

  test('keeps fractions of seconds as milliseconds, and ISO 8601 text needs no unit', () => {
    expect(mapped.toRating({ ...review, at: 1_700_000_000.123 }).ratedAtMs).toBe(1_700_000_000_123);
    expect(mapped.toRating({ ...review, at: '2026-01-31T12:00:00Z' }).ratedAtMs).toBe(nowMs);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['a missing part', { customer: null }, 'customer.id is missing'],
    ['text on the way', { customer: 'id' }, 'customer.id is missing'],
    ['a missing rating, which is no withdrawal', { stars: undefined }, 'stars is missing'],
    ['an inherited name', { lines: [] }, 'lines.0.sku is missing'],
  ])('names the path of %s', (_name, wrong, says) => {
    const error = refusal(() => mapped.toRating({ ...review, ...wrong }));
    expect(error.code).toBe('FRESHET_WRONG_TYPE');
    expect(error.message).toContain(says);
  });

  test('does not find what every object inherits', () => {
    const inherited = codecFor({ ...mapping, userId: 'toString' });
    expect(refusal(() => inherited.toRating(review)).message).toContain('toString is missing');
  });
});
