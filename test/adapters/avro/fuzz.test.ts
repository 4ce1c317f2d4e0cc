/** 100,000 mutated inputs, the same ones in every run: each becomes a sane rating or a RejectedRecordError. */
import { expect, test } from 'vitest';
import { createCodec } from '../../../src/adapters/avro/codec.ts';
import { RejectedRecordError, rejectionCodes } from '../../../src/errors.ts';
import type { Rating } from '../../../src/ports/events.ts';
import { avroType } from './avro-type.ts';

const inputCount = 100_000;
const nowMs = Date.parse('2026-01-31T12:00:00Z');
const scale = { lo: 0.5, hi: 5 };

const shop = {
  type: 'record',
  name: 'Order',
  fields: [
    {
      name: 'customer',
      type: { type: 'record', name: 'Customer', fields: [{ name: 'id', type: ['int', 'long', 'string'] }] },
    },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'prices', type: { type: 'map', values: { type: 'array', items: 'double' } } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 4 } },
    { name: 'parent', type: ['null', 'Order'] },
    { name: 'sku', type: 'string' },
    { name: 'stars', type: ['null', 'float'] },
    { name: 'at', type: 'long' },
    { name: 'note', type: 'bytes' },
  ],
};
const mapping = { userId: 'customer.id', itemId: 'sku', rating: 'stars', ratedAt: 'at' };
const schemaById = (schemaId: number) => (schemaId === 2 ? shop : undefined);
const own = createCodec({ scale, nowMs: () => nowMs, ratingSchemaId: 1, schemaById });
const mapped = createCodec({ scale, nowMs: () => nowMs, ratingSchemaId: 1, schemaById, mapping });
const plainShop = createCodec({ scale, nowMs: () => nowMs, writerSchema: shop, mapping });

const rating: Rating = {
  userId: 'user-42',
  itemId: '映画-7',
  rating: 4.5,
  ratedAtMs: nowMs - 5,
  eventId: 'e-1',
  weight: 2,
};
const order = (parent: unknown) => ({
  customer: { id: { long: 2 ** 40 } },
  tags: ['x', 'yy'],
  prices: { a: [1, 2.5], __b: [] },
  kind: 'B',
  hash: Buffer.from('abcd'),
  parent,
  sku: 's-1',
  stars: 3.5,
  at: nowMs - 5,
  note: Buffer.from('note'),
});
const orderBytes = avroType(shop).toBuffer(order(order(null)));
const ownBytes = Buffer.from(own.encodeRating(rating));
const jsonOwn = { ...rating, ratedAt: rating.ratedAtMs };
const jsonOrder = { customer: { id: 'c-9' }, sku: 's-1', stars: 3.5, at: '2026-01-30T10:00:00Z', lines: [[{ a: 1 }]] };
const header = (schemaId: number) => Buffer.of(0, 0, 0, 0, schemaId);
const seeds: readonly Buffer[] = [
  ownBytes,
  Buffer.concat([header(1), ownBytes]),
  Buffer.concat([header(2), orderBytes]),
  orderBytes,
  Buffer.from(JSON.stringify(jsonOwn)),
  Buffer.from(JSON.stringify(jsonOrder)),
];

/** A varint that claims about two billion, and one that claims the most a long can. */
const bombs = [Buffer.from('feffffff0f', 'hex'), Buffer.from('feffffffffffffffff01', 'hex'), Buffer.from('01', 'hex')];
const jsonPieces = [
  'null',
  '-1',
  '1e999',
  '"\\ud800"',
  '""',
  '[[[[',
  '{"a":',
  '9007199254740993',
  'true',
  ',',
  '"x":1,',
];

const oddDoubles = [NaN, Infinity, -Infinity, -0, 1e300].map((value) => Buffer.from(Float64Array.of(value).buffer));

/** mulberry32: small, seeded, good enough to choose mutations. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function splice(bytes: Buffer, at: number, removed: number, added: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  switch (random(11)) {
    case 0:
    case 1: {
      const flipped = Buffer.from(bytes);
      for (let i = random(3); i >= 0 && flipped.length > 0; i--) flipped[random(flipped.length)]! ^= 1 << random(8);
      return flipped;
    }
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return splice(bytes, at, random(8), Buffer.from(Array.from({ length: random(6) }, () => random(256))));
    case 4:
      return splice(bytes, at, random(3), bombs[random(bombs.length)]!);
    case 5: {
      const other = seeds[random(seeds.length)]!;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length))]);
    }
    case 6:
      return splice(bytes, at, random(12), Buffer.from(jsonPieces[random(jsonPieces.length)]!));
    case 7:
      return splice(bytes, at, 0, Buffer.alloc(random(400), random(256)));
    case 8:
      return splice(bytes, at, 8, oddDoubles[random(oddDoubles.length)]!);
    case 9: {
      // Another value for one key of the JSON.
      const parts = bytes.toString('latin1').split(':');
      const part = random(parts.length);
      parts[part] = parts[part]!.replace(/^[^,}]*/, jsonPieces[random(jsonPieces.length)]!);
      return Buffer.from(parts.join(':'), 'latin1');
    }
    default:
      return bytes;
  }
}

function expectSane(accepted: Rating): void {
  const ids = [accepted.userId, accepted.itemId, ...(accepted.eventId === null ? [] : [accepted.eventId])];
  const sane =
    ids.every(
      (id) => typeof id === 'string' && id !== '' && Buffer.byteLength(id) <= 256 && !/\p{Surrogate}/u.test(id),
    ) &&
    (accepted.rating === null || (accepted.rating >= scale.lo && accepted.rating <= scale.hi)) &&
    Number.isInteger(accepted.ratedAtMs) &&
    accepted.ratedAtMs >= 0 &&
    accepted.ratedAtMs <= nowMs + 86_400_000 &&
    accepted.weight > 0 &&
    accepted.weight <= 10;
  if (!sane) throw new Error(`accepted ${JSON.stringify(accepted)}`);
}

test('every mutated input is accepted as a sane rating or rejected with a code', () => {
  const random = randomOf(20260131);
  const codecs = [own, mapped, plainShop];
  const counts = new Map<string, number>();
  let slowestMs = 0;
  for (let n = 0; n < inputCount; n++) {
    let bytes: Buffer = seeds[n % seeds.length]!;
    for (let rounds = random(4); rounds >= 0; rounds--) bytes = mutate(bytes, random);
    const codec = codecs[random(codecs.length)]!;
    const started = performance.now();
    let outcome = 'accepted';
    try {
      expectSane(codec.decodeRating(bytes));
    } catch (error) {
      if (!(error instanceof RejectedRecordError))
        throw new Error(`input ${n} (${bytes.toString('hex')}) escaped`, { cause: error });
      outcome = error.code;
      if (error.message.length > 1000)
        throw new Error(`input ${n} has a message of ${error.message.length} characters`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - started);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    const schemaId = codec.schemaIdOf(bytes);
    if (schemaId !== null && !Number.isInteger(schemaId)) throw new Error(`input ${n} has schema id ${schemaId}`);
  }
  // The mutations reach every kind of refusal but the size limit, which takes larger inputs, and that of requests.
  const others = ['FRESHET_MESSAGE_TOO_LARGE', 'FRESHET_REQUEST_INVALID'];
  const reached = rejectionCodes.filter((code) => !others.includes(code));
  for (const outcome of ['accepted', ...reached]) expect(counts.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
  expect(slowestMs).toBeLessThan(2000);
});

test('large inputs are refused quickly and without large memory', () => {
  const near = 1024 * 1024 - 64;
  const inputs = [
    Buffer.alloc(10_000_000, '{'),
    Buffer.alloc(10_000_000),
    Buffer.alloc(near, '['),
    Buffer.from('{"a":'.repeat(near / 5)),
    Buffer.from(`{"userId":${'['.repeat(near / 2 - 16)}${']'.repeat(near / 2 - 16)}}`),
    Buffer.alloc(near, 0xff),
    Buffer.concat([header(2), Buffer.alloc(near)]),
    Buffer.concat([header(2), Buffer.alloc(near, 1)]),
    Buffer.concat([header(2), Buffer.alloc(near, 2)]),
    Buffer.concat([header(2), Buffer.alloc(near, 4)]),
    ...bombs.map((bomb) => Buffer.concat([header(2), Buffer.of(0, 2), bomb, Buffer.alloc(1000, 2)])),
    ...bombs.map((bomb) => Buffer.concat([ownBytes.subarray(0, 6), Buffer.of(0), bomb])),
  ];
  const before = process.memoryUsage();
  const started = performance.now();
  for (const codec of [own, mapped, plainShop])
    for (const bytes of inputs) expect(() => codec.decodeRating(bytes)).toThrow(RejectedRecordError);
  const after = process.memoryUsage();
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(200e6);
  expect(after.rss - before.rss).toBeLessThan(1e9);
});
