import avsc from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadSchema } from '../../../src/adapters/avro/schemas.ts';
import { RejectedRecordError } from '../../../src/errors.ts';
import { flowCodec } from '../../support/flow-worker.ts';

const type = avsc.Type.forSchema(loadSchema('prediction-request') as avsc.Type);
const plain = type.toBuffer({
  requestedAt: 1_767_225_600_000,
  requestId: 'r',
  userId: 'u',
  itemIds: ['i', 7],
  count: null,
});
const json = Buffer.from('{"requestId":"r","userId":42,"itemIds":["i",7],"count":null}');

test('both forms mean the same', () => {
  const expected = { requestId: 'r', wanted: { kind: 'items', itemIds: ['i', '7'] } };
  expect(flowCodec.decodeRequest(plain)).toEqual({ ...expected, userId: 'u' });
  expect(flowCodec.decodeRequest(json)).toEqual({ ...expected, userId: '42' });
});

test('every mutated request is taken as a sane one or refused with a code', () => {
  const mutation = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() });
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(plain, json), fc.array(mutation, { minLength: 1, maxLength: 4 }), (seed, mutations) => {
      let bytes = Buffer.from(seed);
      for (const { at, byte, cut } of mutations) {
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        if (cut && at % 5 === 0) bytes = bytes.subarray(0, at % (bytes.length + 1));
      }
      try {
        const { requestId, userId, wanted } = flowCodec.decodeRequest(bytes);
        for (const id of [requestId, userId, ...(wanted.kind === 'items' ? wanted.itemIds : [])]) {
          expect(Buffer.byteLength(id)).toBeGreaterThan(0);
          expect(Buffer.byteLength(id)).toBeLessThanOrEqual(256);
        }
        outcomes.add('taken');
      } catch (error) {
        if (!(error instanceof RejectedRecordError)) throw error;
        outcomes.add(error.code);
      }
    }),
    { numRuns: 20_000 },
  );
  expect([...outcomes]).toEqual(
    expect.arrayContaining(['taken', 'FRESHET_UNDECODABLE', 'FRESHET_WRONG_TYPE', 'FRESHET_ID_INVALID']) as unknown,
  );
});
