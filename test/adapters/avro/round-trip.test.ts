import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodec } from '../../../src/adapters/avro/codec.ts';
import { CorruptStateError, InvariantViolation } from '../../../src/errors.ts';

const nowMs = Date.parse('2026-01-31T12:00:00Z');
const scale = { lo: -10, hi: 10 };
const codec = createCodec({ scale, nowMs: () => nowMs, ratingSchemaId: 1 });

const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }).filter((text) => Buffer.byteLength(text) <= 256);
const value = fc.double({ min: scale.lo, max: scale.hi, noNaN: true });
const timeMs = fc.integer({ min: 0, max: nowMs + 86_400_000 });
const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 });
const bytes = fc.uint8Array({ maxLength: 5000 });

const rating = fc.record({
  userId: id,
  itemId: id,
  rating: fc.option(value),
  ratedAtMs: timeMs,
  eventId: fc.option(id),
  weight: fc.double({ min: 0, minExcluded: true, max: 10, noNaN: true }),
});
const prediction = fc.record({
  userId: id,
  itemId: id,
  prediction: value,
  low: value,
  high: value,
  parts: fc.record({ mean: value, userBias: value, itemBias: value, interaction: value }, { noNullPrototype: true }),
  experts: fc.dictionary(fc.string(), value, { noNullPrototype: true }),
  networkWeights: fc.dictionary(fc.string(), value, { noNullPrototype: true }),
  modelVersions: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  coldUser: fc.boolean(),
  coldItem: fc.boolean(),
  eventId: fc.option(id),
  rating: fc.option(value),
  ratedAtMs: timeMs,
  predictedAtMs: timeMs,
  sourcePartition: fc.nat(),
  sourceOffset: offset,
  effort: fc.constantFrom('', 'fast', 'full'),
});
const deadLetter = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  code: fc.string(),
  reason: fc.string(),
  topic: fc.string(),
  partition: fc.nat(),
  offset,
  schemaId: fc.option(fc.nat({ max: 2 ** 32 - 1 })),
  refusedAtMs: timeMs,
});
const row = fc.record({ layout: fc.nat(), values: fc.float32Array({ maxLength: 400 }) });
const residual = fc.float({ min: -8, max: 8, noNaN: true });
const entry = fc.record({
  itemId: id,
  rating: fc.float({ min: 1, max: 5, noNaN: true }),
  weight: fc.float({ min: 0, minExcluded: true, max: 10, noNaN: true }),
  ratedAtSeconds: fc.nat({ max: 4e9 }),
  userResidual: residual,
  itemResidual: residual,
});

describe('what is encoded decodes to itself', () => {
  test('ratings, as Avro and as JSON', () => {
    fc.assert(
      fc.property(rating, (event) => {
        expect(codec.decodeRating(codec.encodeRating(event))).toEqual(event);
        const { ratedAtMs, ...same } = event;
        const json = JSON.stringify({ ...same, ratedAt: ratedAtMs });
        // JSON has no negative zero.
        const rated = event.rating === null ? null : event.rating + 0;
        expect(codec.decodeRating(Buffer.from(json))).toEqual({ ...event, rating: rated });
      }),
    );
  });

  test('predictions', () => {
    fc.assert(
      fc.property(prediction, (event) => {
        expect(codec.decodePrediction(codec.encodePrediction(event))).toEqual(event);
      }),
    );
  });

  test('dead letters, byte for byte', () => {
    fc.assert(
      fc.property(deadLetter, (letter) => {
        const decoded = codec.decodeDeadLetter(codec.encodeDeadLetter(letter));
        const plain = (part: Uint8Array | null) => part && Buffer.from(part).toString('hex');
        expect({ ...decoded, key: plain(decoded.key), value: plain(decoded.value) }).toEqual({
          ...letter,
          key: plain(letter.key),
          value: plain(letter.value),
        });
      }),
    );
  });

  test('rows, bit for bit', () => {
    fc.assert(
      fc.property(row, (image) => {
        for (const decoded of [
          codec.decodeUserRow(codec.encodeUserRow(image)),
          codec.decodeItemContribution(codec.encodeItemContribution(image)),
        ]) {
          expect(decoded.layout).toBe(image.layout);
          expect(Buffer.from(decoded.values.buffer)).toEqual(Buffer.from(image.values.slice().buffer));
        }
      }),
    );
  });

  test('history blocks', () => {
    fc.assert(
      fc.property(fc.array(fc.option(entry), { maxLength: 100 }), (slots) => {
        expect(codec.decodeHistoryBlock(codec.encodeHistoryBlock(slots))).toEqual(slots);
      }),
    );
  });
});

describe('encoded buffers are the caller’s', () => {
  test('encoding again leaves them alone', () => {
    fc.assert(
      fc.property(fc.array(rating, { minLength: 2, maxLength: 20 }), (events) => {
        const encoded = events.map((event) => codec.encodeRating(event));
        expect(encoded.map((part) => codec.decodeRating(part))).toEqual(events);
      }),
    );
  });

  test('a row is copied out of the arena it is a view of', () => {
    const arena = Float32Array.from({ length: 100 }, (_, i) => i);
    const encoded = codec.encodeUserRow({ layout: 1, values: arena.subarray(10, 14) });
    arena.fill(-1);
    expect([...codec.decodeUserRow(encoded).values]).toEqual([10, 11, 12, 13]);
  });

  test('a 10 MB dead letter fits, and so does what follows it', () => {
    const letter = {
      key: null,
      value: Buffer.alloc(10_000_000, 7),
      code: 'FRESHET_MESSAGE_TOO_LARGE',
      reason: 'too large',
      topic: 'ratings',
      partition: 0,
      offset: 0,
      schemaId: null,
      refusedAtMs: nowMs,
    };
    const decoded = codec.decodeDeadLetter(codec.encodeDeadLetter(letter));
    expect(letter.value.equals(decoded.value ?? Buffer.alloc(0))).toBe(true);
    const small = { ...letter, value: Buffer.of(1) };
    expect(codec.decodeDeadLetter(codec.encodeDeadLetter(small))).toEqual(small);
  });
});

describe('state that is damaged', () => {
  const good = codec.encodeUserRow({ layout: 1, values: Float32Array.of(1, 2) });
  test.each<[string, () => unknown]>([
    ['a row cut short', () => codec.decodeUserRow(good.subarray(0, -1))],
    ['a row with a byte too many', () => codec.decodeItemContribution(Buffer.concat([good, Buffer.of(0)]))],
    ['a row of broken floats', () => codec.decodeUserRow(Buffer.of(2, 6, 0, 0, 0))],
    ['an empty block', () => codec.decodeHistoryBlock(Buffer.alloc(0))],
    ['a block that claims a billion entries', () => codec.decodeHistoryBlock(Buffer.from('80a8d6b90700', 'hex'))],
    ['a prediction of nothing', () => codec.decodePrediction(Buffer.of(0xff))],
    ['a dead letter of nothing', () => codec.decodeDeadLetter(Buffer.of(8))],
  ])('%s is told as such', (_name, decode) => {
    expect(decode).toThrow(CorruptStateError);
  });
});

test('what does not fit its schema is told as our bug', () => {
  expect(() => codec.encodeUserRow({ layout: 1.5, values: new Float32Array(1) })).toThrow(InvariantViolation);
});
