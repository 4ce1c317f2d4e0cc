import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createCodec } from '../../../src/adapters/avro/codec.ts';
import { loadSchema, schemaNames, type SchemaName } from '../../../src/adapters/avro/schemas.ts';
import { rejectionCodes } from '../../../src/errors.ts';
import { avroType } from './avro-type.ts';

interface Field {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
  readonly doc?: string;
}
interface RecordSchema {
  readonly name: string;
  readonly namespace?: string;
  readonly fields: readonly Field[];
}
interface Golden {
  readonly schema: SchemaName;
  readonly version: number;
  readonly writerSchema: RecordSchema;
  readonly cases: readonly { readonly name: string; readonly hex: string; readonly value: Record<string, unknown> }[];
}

const folder = new URL('../../golden/avro/', import.meta.url);
const published = readdirSync(folder)
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden);
const codec = createCodec({ scale: { lo: 0.5, hi: 5 }, nowMs: () => Date.parse('2026-02-01T00:00:00Z') });

const fromHex = (hex: unknown) => (typeof hex === 'string' ? Buffer.from(hex, 'hex') : null);
const rowValue = (value: Record<string, unknown>) => ({
  ...value,
  values: Float32Array.from(value['values'] as number[]),
});

interface Reader {
  readonly decode: (bytes: Buffer) => unknown;
  readonly value: (json: Record<string, unknown>) => unknown;
}

/** How each schema's bytes are read, and what the JSON of the golden file means as a value. */
const readers: Record<SchemaName, Reader> = {
  'rating-event': { decode: (bytes) => codec.decodeRating(bytes), value: (json) => json },
  'prediction-event': {
    decode: (bytes) => codec.decodePrediction(bytes),
    value: (json) => ({ networkWeights: {}, effort: '', ...json }),
  },
  'user-row': { decode: (bytes) => codec.decodeUserRow(bytes), value: rowValue },
  'item-contribution': { decode: (bytes) => codec.decodeItemContribution(bytes), value: rowValue },
  'user-history-block': { decode: (bytes) => codec.decodeHistoryBlock(bytes), value: (json) => json },
  recommendations: { decode: (bytes) => codec.decodeRecommendations(bytes), value: (json) => json },
  'prediction-request': { decode: (bytes) => codec.decodeRequest(bytes), value: (json) => json },
  'prediction-answer': { decode: (bytes) => codec.decodeAnswer(bytes), value: (json) => json },
  'forget-receipt': { decode: (bytes) => codec.decodeForgetReceipt(bytes), value: (json) => json },
  'dead-letter': {
    decode: (bytes) => codec.decodeDeadLetter(bytes),
    value: (json) => ({ ...json, key: fromHex(json['key']), value: fromHex(json['value']) }),
  },
};

const withoutDocs = (part: unknown): string =>
  JSON.stringify(part, (key, value: unknown) => (key === 'doc' ? undefined : value));
const fullName = (schema: RecordSchema) => `${schema.namespace}.${schema.name}`;

/** What the compatibility rule of docs/schemas.md forbids between a published version and a later one. */
function breaches(older: RecordSchema, newer: RecordSchema): string[] {
  const found = fullName(older) === fullName(newer) ? [] : [`the record was renamed to ${fullName(newer)}`];
  older.fields.forEach((field, at) => {
    if (withoutDocs(field) !== withoutDocs(newer.fields[at] ?? null))
      found.push(`field ${at} was ${field.name} and is now other, moved or gone`);
  });
  for (const field of newer.fields.slice(older.fields.length))
    if (!('default' in field)) found.push(`the new field ${field.name} has no default`);
  return found;
}

test('every schema has published bytes', () => {
  expect([...new Set(published.map(({ schema }) => schema))].sort()).toEqual([...schemaNames].sort());
});

describe.each(published)('$schema, version $version', ({ schema, writerSchema, cases }) => {
  const reader = readers[schema];
  const present = loadSchema(schema) as RecordSchema;
  /** What the cases were written with, and what would come after it. */
  const evolved = {
    ...writerSchema,
    fields: [...writerSchema.fields, { name: 'addedLater', type: ['null', 'string'], default: null }],
  };
  // With bigints, so that ids beyond 2^53 pass through avsc unharmed.
  const presentType = avroType(present, true);
  const writerType = avroType(writerSchema, true);
  const evolvedType = avroType(evolved, true);
  const evolvedBytes = (presentBytes: Buffer): Buffer => {
    const record = writerType.fromBuffer(presentBytes) as object;
    return evolvedType.toBuffer({ ...record, addedLater: 'x' });
  };

  test.each(cases)('its bytes still decode: $name', (golden) => {
    expect(reader.decode(Buffer.from(golden.hex, 'hex'))).toEqual(reader.value(golden.value));
  });

  test('the present version keeps the compatibility rule', () => {
    expect(breaches(writerSchema, present)).toEqual([]);
  });

  test.each(cases)('a later reader takes them, with the default of what is new: $name', (golden) => {
    const bytes = Buffer.from(golden.hex, 'hex');
    const read = evolvedType.fromBuffer(bytes, evolvedType.createResolver(writerType)) as object;
    expect(read).toHaveProperty('addedLater', null);
    expect(writerType.toBuffer(read)).toEqual(bytes);
  });

  test.each(cases)('what a later version writes is taken by this one: $name', (golden) => {
    const bytes = evolvedBytes(Buffer.from(golden.hex, 'hex'));
    const read = writerType.fromBuffer(bytes, writerType.createResolver(evolvedType)) as object;
    expect(writerType.toBuffer(read).toString('hex')).toBe(golden.hex);
  });

  test.each(cases)('the length tells a version from the next, also without a schema id: $name', (golden) => {
    const bytes = Buffer.from(golden.hex, 'hex');
    expect(evolvedType.decode(bytes).offset).toBe(-1);
    expect(() => writerType.fromBuffer(evolvedBytes(bytes)) as unknown).toThrow('trailing data');
  });

  test.each(cases)('the present version takes them, with defaults: $name', (golden) => {
    const bytes = Buffer.from(golden.hex, 'hex');
    const read = presentType.fromBuffer(bytes, presentType.createResolver(writerType)) as object;
    expect(writerType.toBuffer(read)).toEqual(bytes);
    for (const field of present.fields.slice(writerSchema.fields.length)) {
      expect(read).toHaveProperty(field.name, field.default);
    }
  });

  test('every field says what it is and in which unit', () => {
    const undocumented: string[] = [];
    const visit = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      const { fields, items, type } = part as { fields?: Field[]; items?: unknown; type?: unknown };
      for (const field of fields ?? []) {
        if ((field.doc ?? '').length < 20) undocumented.push(`${path}.${field.name}`);
        if (!/unit|millisecond|second|counted|scale|factor|layout's/i.test(field.doc ?? '') && fields?.length !== 1)
          undocumented.push(`${path}.${field.name} (unit)`);
        visit(field.type, `${path}.${field.name}`);
      }
      visit(items, path);
      visit(type, path);
    };
    visit(present, schema);
    expect(undocumented).toEqual([]);
  });
});

test('the codec reads a later writer by its schema id', () => {
  const present = loadSchema('rating-event') as RecordSchema;
  const later = { ...present, fields: [...present.fields, { name: 'mood', type: 'string', default: '' }] };
  const reading = createCodec({
    scale: { lo: 0.5, hi: 5 },
    nowMs: () => 1_800_000_000_000,
    schemaById: () => later,
    mapping: { userId: 'a', itemId: 'b', rating: 'c', ratedAt: 'd' }, // never applied to Freshet's own event
  });
  const record = { ratedAt: 1_700_000_000_000, userId: 'u', itemId: 'i', rating: 3, eventId: 'e', weight: 2 };
  const bytes = Buffer.concat([Buffer.of(0, 0, 0, 0, 9), avroType(later).toBuffer({ ...record, mood: 'fine' })]);
  expect(reading.decodeRating(bytes)).toEqual({
    userId: 'u',
    itemId: 'i',
    rating: 3,
    ratedAtMs: 1_700_000_000_000,
    eventId: 'e',
    weight: 2,
  });
});

describe('the compatibility rule is broken by', () => {
  const older = loadSchema('rating-event') as RecordSchema;
  const { fields } = older;
  test.each<[string, RecordSchema]>([
    ['a removed field', { ...older, fields: fields.slice(0, -1) }],
    ['a retyped field', { ...older, fields: fields.map((f) => (f.name === 'weight' ? { ...f, type: 'float' } : f)) }],
    ['a renamed field', { ...older, fields: fields.map((f) => (f.name === 'rating' ? { ...f, name: 'stars' } : f)) }],
    ['another default', { ...older, fields: fields.map((f) => (f.name === 'weight' ? { ...f, default: 2 } : f)) }],
    ['a field without default', { ...older, fields: [...fields, { name: 'mood', type: 'string' }] }],
    ['a field in between', { ...older, fields: [{ name: 'mood', type: 'string', default: '' }, ...fields] }],
    ['another name', { ...older, namespace: 'dev.freshet.v2' }],
  ])('%s', (_name, newer) => {
    expect(breaches(older, newer)).not.toEqual([]);
  });

  test('neither an appended field with a default nor a better doc', () => {
    const newer = {
      ...older,
      fields: [...fields.map((f) => ({ ...f, doc: 'Better.' })), { name: 'mood', type: 'string', default: '' }],
    };
    expect(breaches(older, newer)).toEqual([]);
  });
});

test('docs/schemas.md names every schema, field and rejection code', () => {
  const page = readFileSync(new URL('../../../docs/schemas.md', import.meta.url), 'utf8');
  const fieldNames = schemaNames.flatMap((name) =>
    (loadSchema(name) as RecordSchema).fields.map((field) => field.name),
  );
  const names = [...schemaNames.map((name) => `${name}.avsc`), ...fieldNames, ...rejectionCodes];
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
