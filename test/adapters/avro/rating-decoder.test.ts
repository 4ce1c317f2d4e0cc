import { describe, expect, test } from 'vitest';
import { createCodec, type CodecOptions } from '../../../src/adapters/avro/codec.ts';
import { RejectedRecordError, UsageError, type RejectionCode } from '../../../src/errors.ts';
import { loadSchema } from '../../../src/adapters/avro/schemas.ts';
import type { Rating } from '../../../src/ports/events.ts';
import { avroType } from './avro-type.ts';

const nowMs = Date.parse('2026-01-31T12:00:00Z');
const codecWith = (options: Partial<CodecOptions> = {}) =>
  createCodec({ scale: { lo: 0.5, hi: 5 }, nowMs: () => nowMs, ...options });

const rating: Rating = {
  userId: 'u42',
  itemId: 'i7',
  rating: 4.5,
  ratedAtMs: nowMs - 1000,
  eventId: 'e-1',
  weight: 2,
};
const jsonRating = { userId: 'u42', itemId: 'i7', rating: 4.5, ratedAt: nowMs - 1000, eventId: 'e-1', weight: 2 };
const toJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const framed = (schemaId: number, record: Uint8Array): Buffer => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(schemaId, 1);
  return Buffer.concat([header, record]);
};
const encodeWith = (schema: object, value: unknown): Buffer => avroType(schema).toBuffer(value);

function rejection(work: () => unknown): RejectedRecordError {
  try {
    work();
  } catch (error) {
    if (error instanceof RejectedRecordError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('telling formats apart', () => {
  const codec = codecWith({ ratingSchemaId: 7 });
  const plain = codec.encodeRating(rating);

  test('plain Avro, Confluent framing and JSON give the same rating', () => {
    expect(codec.decodeRating(plain)).toEqual(rating);
    expect(codec.decodeRating(framed(7, plain))).toEqual(rating);
    expect(codec.decodeRating(toJson(jsonRating))).toEqual(rating);
    expect(codec.decodeRating(Buffer.from(`\n\t ${JSON.stringify(jsonRating)}\r\n`))).toEqual(rating);
    expect(codec.toRating(jsonRating)).toEqual(rating);
  });

  test('reads views into larger buffers that are no Buffers', () => {
    const bytes = framed(7, plain);
    const arena = new Uint8Array(bytes.length + 20);
    arena.set(bytes, 13);
    expect(codec.decodeRating(arena.subarray(13, 13 + bytes.length))).toEqual(rating);
  });

  test.each([0, 1, 63, 64, 8191, 8192, nowMs])('plain Avro of time %d ms begins with 0x80 or above', (ratedAtMs) => {
    const bytes = codec.encodeRating({ ...rating, ratedAtMs });
    expect(bytes[0]).toBeGreaterThanOrEqual(0x80);
    expect(codec.decodeRating(bytes)).toEqual({ ...rating, ratedAtMs });
  });

  test.each(['json', 'avro', 'confluent'] as const)('format %s takes nothing else', (format) => {
    const only = codecWith({ format, ratingSchemaId: 7 });
    const values = { json: toJson(jsonRating), avro: plain, confluent: framed(7, plain) };
    for (const [name, bytes] of Object.entries(values)) {
      if (name === format) expect(only.decodeRating(bytes)).toEqual(rating);
      else expect(rejection(() => only.decodeRating(bytes)).code).toBe('FRESHET_UNDECODABLE');
    }
  });

  test('tells the schema id of framed bytes only', () => {
    expect(codec.schemaIdOf(framed(4294967295, plain))).toBe(4294967295);
    expect(codec.schemaIdOf(framed(7, plain).subarray(0, 4))).toBeNull();
    expect(codec.schemaIdOf(plain)).toBeNull();
    expect(codecWith({ format: 'avro' }).schemaIdOf(framed(7, plain))).toBeNull();
  });
});

describe('bytes that are no rating', () => {
  const codec = codecWith({ ratingSchemaId: 7 });
  const plain = codec.encodeRating(rating);

  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['half of JSON', toJson(jsonRating).subarray(0, 20)],
    ['JSON that is not UTF-8', Buffer.from('{"userId":"\xff"}', 'latin1')],
    ['half of plain Avro', plain.subarray(0, plain.length - 1)],
    ['plain Avro and one byte', Buffer.concat([plain, Buffer.of(0)])],
    ['Confluent Avro and one byte', framed(7, Buffer.concat([plain, Buffer.of(0)]))],
    ['a Confluent header alone', framed(7, Buffer.alloc(0))],
    ['half a Confluent header', framed(7, plain).subarray(0, 3)],
    ['a union index that does not exist', Buffer.from('8080010a', 'hex')],
    ['a string of negative length', Buffer.from('80800100010061', 'hex')],
    ['an id of more than 64 bits', Buffer.from(`80800102${'ff'.repeat(10)}01`, 'hex')],
  ])('%s is undecodable', (_name, bytes) => {
    expect(rejection(() => codec.decodeRating(bytes)).code).toBe('FRESHET_UNDECODABLE');
  });

  test('a value over the limit is refused unread', () => {
    const error = rejection(() => codec.decodeRating(Buffer.alloc(10_000_000, 0x7b)));
    expect(error.code).toBe('FRESHET_MESSAGE_TOO_LARGE');
    expect(error.message).toContain('10000000 bytes, more than the 1048576');
    const exact = codecWith({ maxMessageBytes: plain.length });
    expect(exact.decodeRating(plain)).toEqual(rating);
    const small = codecWith({ maxMessageBytes: plain.length - 1 });
    expect(rejection(() => small.decodeRating(plain)).code).toBe('FRESHET_MESSAGE_TOO_LARGE');
  });

  test('a string that claims two gigabytes costs nothing', () => {
    const bomb = Buffer.from('808001' + '00' + 'feffffff0f' + '61', 'hex');
    const before = process.memoryUsage();
    for (let i = 0; i < 1000; i++) expect(rejection(() => codec.decodeRating(bomb)).code).toBe('FRESHET_UNDECODABLE');
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(50e6);
    expect(after.rss - before.rss).toBeLessThan(500e6);
  });

  test.each([[[]], ['a rating'], [4], [null], [[jsonRating]], [true]])('the JSON value %j is no object', (value) => {
    expect(rejection(() => codec.toRating(value)).code).toBe('FRESHET_WRONG_TYPE');
  });
});

describe('a record of Freshet or of others', () => {
  const own = loadSchema('rating-event') as { fields: { name: string }[] };

  test('an unknown schema id is refused, and asked for again', () => {
    const known = new Map<number, object>();
    const codec = codecWith({ schemaById: (id) => known.get(id) });
    const bytes = framed(12, codec.encodeRating(rating));
    const error = rejection(() => codec.decodeRating(bytes));
    expect(error).toMatchObject({ code: 'FRESHET_UNKNOWN_SCHEMA', context: { schemaId: 12 } });
    known.set(12, own);
    expect(codec.decodeRating(bytes)).toEqual(rating);
  });

  test('a known id is asked for once', () => {
    const asked: number[] = [];
    const codec = codecWith({
      schemaById: (id) => (asked.push(id), id === 13 ? { type: 'nonsense' } : own),
    });
    const plain = codec.encodeRating(rating);
    for (let i = 0; i < 3; i++) {
      expect(codec.decodeRating(framed(12, plain))).toEqual(rating);
      expect(rejection(() => codec.decodeRating(framed(13, plain))).code).toBe('FRESHET_UNKNOWN_SCHEMA');
    }
    expect(asked).toEqual([12, 13]);
  });

  test('a registry that throws refuses the record only', () => {
    const codec = codecWith({
      schemaById: () => {
        throw new Error('no route');
      },
    });
    const error = rejection(() => codec.decodeRating(framed(1, Buffer.of(0))));
    expect(error.code).toBe('FRESHET_UNKNOWN_SCHEMA');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('a writer without the optional fields gets their defaults', () => {
    const writer = { ...own, fields: own.fields.filter(({ name }) => name !== 'eventId' && name !== 'weight') };
    const codec = codecWith({ schemaById: () => writer });
    const bytes = framed(1, encodeWith(writer, { ratedAt: nowMs, userId: 'u', itemId: 'i', rating: 4 }));
    expect(codec.decodeRating(bytes)).toEqual({
      userId: 'u',
      itemId: 'i',
      rating: 4,
      ratedAtMs: nowMs,
      eventId: null,
      weight: 1,
    });
  });

  const review = {
    type: 'record',
    name: 'Review',
    fields: [
      { name: 'tags', type: { type: 'array', items: 'string' } },
      { name: 'extra', type: { type: 'map', values: { type: 'array', items: 'long' } } },
      { name: 'userId', type: 'int' },
      { name: 'itemId', type: 'string' },
      { name: 'rating', type: ['null', 'float'] },
      { name: 'ratedAt', type: 'string' },
    ],
  };
  const reviewed = {
    tags: ['a', 'b'],
    extra: { x: [1, 2] },
    userId: 3,
    itemId: 'i',
    rating: 2.5,
    ratedAt: '2026-01-31',
  };

  test("a foreign record with Freshet's field names needs no mapping, and its other fields are ignored", () => {
    const expected = {
      userId: '3',
      itemId: 'i',
      rating: 2.5,
      ratedAtMs: Date.parse('2026-01-31T00:00:00Z'),
      eventId: null,
      weight: 1,
    };
    const bytes = encodeWith(review, reviewed);
    expect(codecWith({ schemaById: () => review }).decodeRating(framed(1, bytes))).toEqual(expected);
    expect(codecWith({ writerSchema: review }).decodeRating(bytes)).toEqual(expected);
    const sameName = {
      ...review,
      name: 'dev.shop.RatingEvent',
      fields: review.fields.map((field) => (field.name === 'ratedAt' ? { ...field, type: 'long' } : field)),
    };
    const resolved = codecWith({ schemaById: () => sameName });
    expect(resolved.decodeRating(framed(1, encodeWith(sameName, { ...reviewed, ratedAt: nowMs })))).toEqual({
      ...expected,
      ratedAtMs: nowMs,
    });
  });

  test('a record without the needed fields says which one to map', () => {
    const writer = { type: 'record', name: 'Click', fields: [{ name: 'itemId', type: 'string' }] };
    const codec = codecWith({ schemaById: () => writer });
    const error = rejection(() => codec.decodeRating(framed(1, encodeWith(writer, { itemId: 'i' }))));
    expect(error.code).toBe('FRESHET_WRONG_TYPE');
    expect(error.message).toContain('userId is missing');
  });

  test('a schema that is no record refuses its values', () => {
    const codec = codecWith({ schemaById: () => ({ type: 'string' }) });
    expect(rejection(() => codec.decodeRating(framed(1, encodeWith({ type: 'string' }, 'x')))).code).toBe(
      'FRESHET_WRONG_TYPE',
    );
  });

  test.each<[string, object, string]>([
    ['an array', { type: 'array', items: 'int' }, 'feffffff0f' + '00'],
    ['an array of nulls', { type: 'array', items: 'null' }, 'feffffffffffff1f' + '00'],
    ['a map', { type: 'map', values: 'null' }, 'feffffff0f' + '00'],
  ])('%s that claims more than it holds neither hangs nor allocates', (_name, part, hex) => {
    const writer = { type: 'record', name: 'Bomb', fields: [{ name: 'part', type: part }, ...own.fields] };
    const skipping = codecWith({ schemaById: () => ({ ...writer, name: 'dev.shop.RatingEvent' }) });
    const reading = codecWith({ schemaById: () => writer });
    const bytes = framed(1, Buffer.concat([Buffer.from(hex, 'hex'), skipping.encodeRating(rating)]));
    for (const codec of [skipping, reading])
      expect(rejection(() => codec.decodeRating(bytes)).code).toBe('FRESHET_UNDECODABLE');
  });

  test('a block size that points backwards sends nobody there', () => {
    const writer = {
      type: 'record',
      name: 'dev.shop.RatingEvent',
      fields: [{ name: 'part', type: { type: 'array', items: 'int' } }, ...own.fields],
    };
    const codec = codecWith({ schemaById: () => writer });
    const lying = Buffer.from('01' + '0f' + '02' + '00', 'hex'); // one item in -8 bytes
    expect(codec.decodeRating(framed(1, Buffer.concat([lying, codec.encodeRating(rating)])))).toEqual(rating);
  });

  test('a record nested without end is refused', () => {
    const writer = {
      type: 'record',
      name: 'Node',
      fields: [{ name: 'next', type: ['Node', 'null'] }, ...own.fields],
    };
    const codec = codecWith({ schemaById: () => writer });
    const error = rejection(() => codec.decodeRating(framed(1, Buffer.alloc(1_000_000))));
    expect(error.code).toBe('FRESHET_UNDECODABLE');
  });

  test('JSON nested without end is refused', () => {
    const codec = codecWith({ mapping: { userId: 'a.a.a', itemId: 'a', rating: 'b', ratedAt: 'c' } });
    const deep = Buffer.from('{"a":'.repeat(150_000) + '1' + '}'.repeat(150_000));
    expect(rejection(() => codec.decodeRating(deep)).code).toBe('FRESHET_WRONG_TYPE');
    expect(rejection(() => codec.decodeRating(Buffer.alloc(1_000_000, '['))).code).toBe('FRESHET_UNDECODABLE');
  });
});

describe('ids', () => {
  const codec = codecWith();
  const bigId = {
    type: 'record',
    name: 'R',
    fields: (['userId', 'itemId', 'rating', 'ratedAt'] as const).map((name) => ({ name, type: 'long' })),
  };
  test.each([
    0n,
    -1n,
    4503599627370495n,
    4503599627370496n,
    -4503599627370496n,
    -4503599627370497n,
    -4503599627370499n,
    9007199254740991n,
    9007199254740993n,
    -9007199254740993n,
    9223372036854775807n,
    -9223372036854775808n,
  ])('the long %d becomes exactly its digits', (id) => {
    const writer = avroType(bigId, true);
    const bytes = writer.toBuffer({ userId: id, itemId: id, rating: 3n, ratedAt: BigInt(nowMs) });
    for (const name of ['R', 'dev.shop.RatingEvent']) {
      const decoded = codecWith({ writerSchema: { ...bigId, name } }).decodeRating(bytes);
      expect(decoded).toMatchObject({ userId: String(id), itemId: String(id), rating: 3, ratedAtMs: nowMs });
    }
  });

  test('text that holds a replacement character is kept', () => {
    const odd = { ...rating, userId: 'a\uFFFDb' };
    expect(codec.decodeRating(codec.encodeRating(odd))).toEqual(odd);
    expect(codec.toRating({ ...jsonRating, userId: 'a\uFFFDb' })).toEqual(odd);
  });

  test.each([
    ['a byte that no text has', 'ff'],
    ['half a character', 'e6'],
    ['a surrogate', 'eda080'],
    ['an overlong slash', 'c0af'],
  ])('an Avro id with %s is refused', (_name, hex) => {
    const bad = Buffer.from(hex, 'hex');
    const good = Buffer.from(codec.encodeRating({ ...rating, userId: 'x'.repeat(bad.length) }));
    const at = good.indexOf('x');
    bad.copy(good, at);
    expect(rejection(() => codec.decodeRating(good)).code).toBe('FRESHET_ID_INVALID');
  });

  test.each<[string, Uint8Array, RejectionCode]>([
    ['empty', Buffer.alloc(0), 'FRESHET_ID_INVALID'],
    ['over 256 bytes', Buffer.from('é'.repeat(129)), 'FRESHET_ID_INVALID'],
    ['not UTF-8', Buffer.of(0x61, 0xff), 'FRESHET_ID_INVALID'],
  ])('a key that is %s is refused', (_name, key, code) => {
    expect(rejection(() => codec.decodeUserKey(key)).code).toBe(code);
  });

  test('a key is the user id as UTF-8, untrimmed', () => {
    expect(codec.decodeUserKey(new TextEncoder().encode(' Zoë '))).toBe(' Zoë ');
    expect(codec.decodeUserKey(codec.encodeUserKey(' Zoë '))).toBe(' Zoë ');
    expect(codec.decodeUserKey(Buffer.from('é'.repeat(128)))).toHaveLength(128);
  });
});

test('wrong options are told all at once', () => {
  const options: Partial<CodecOptions> = {
    scale: { lo: 5, hi: Number.NaN },
    maxMessageBytes: 0,
    writerSchema: { type: 'nonsense' },
    mapping: { userId: 'a..b', itemId: 'i', rating: '', ratedAt: 't', ratedAtUnit: 'seconds' },
  };
  const build = () => codecWith(options);
  expect(build).toThrow(UsageError);
  expect(build).toThrow(/^5 problems:/);
});
