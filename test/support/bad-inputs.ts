/** Records that are no ratings, each with the code it is refused with. */
import type { OutputRecord } from '../../src/ports/transport.ts';
import { raw } from './flow-inputs.ts';
import { flowCodec } from './flow-worker.ts';

const dayMs = 86_400_000;

export type BadInput = readonly [code: string, record: OutputRecord, schemaId: number | null];

/** Ratings as the JSON that users write, and as a producer of the Avro schema sends what our own encoder would send, unchecked. */
export function ratingsAt(nowMs: number) {
  return {
    json: (fields: object): OutputRecord =>
      raw(JSON.stringify({ userId: 'u', itemId: 'i', rating: 3, ratedAt: nowMs, ...fields })),
    avro: (fields: object): OutputRecord =>
      raw(
        flowCodec.encodeRating({
          userId: 'u',
          itemId: 'i',
          rating: 3,
          ratedAtMs: nowMs,
          eventId: null,
          weight: 1,
          ...fields,
        }),
      ),
  };
}

/** `knownSchemaId` is one whose schema the worker can have. */
export function badInputsAt(nowMs: number, knownSchemaId: number): Readonly<Record<string, BadInput>> {
  const { json, avro } = ratingsAt(nowMs);
  return {
    'bytes that are no Avro': ['FRESHET_UNDECODABLE', raw(Uint8Array.of(0xff, 0xff, 0xff)), null],
    'no bytes at all': ['FRESHET_UNDECODABLE', raw(new Uint8Array(0)), null],
    'half a JSON object': ['FRESHET_UNDECODABLE', raw('{"userId":'), null],
    'a schema id that nobody knows': ['FRESHET_UNKNOWN_SCHEMA', raw(Uint8Array.of(0, 0, 0, 9, 1, 2, 2)), 2305],
    'a known schema id before other bytes': [
      'FRESHET_UNDECODABLE',
      raw(Uint8Array.of(...confluentHeader(knownSchemaId), 0xff)),
      knownSchemaId,
    ],
    'a rating above the scale': ['FRESHET_RATING_OUTSIDE_SCALE', json({ rating: 5.5 }), null],
    'a rating below the scale': ['FRESHET_RATING_OUTSIDE_SCALE', avro({ rating: 0 }), null],
    'a rating that is not a number': ['FRESHET_RATING_NOT_FINITE', avro({ rating: NaN }), null],
    'an infinite rating': ['FRESHET_RATING_NOT_FINITE', avro({ rating: Infinity }), null],
    'a rating of a wrong type': ['FRESHET_WRONG_TYPE', json({ rating: 'good' }), null],
    'an id of a wrong type': ['FRESHET_WRONG_TYPE', json({ userId: {} }), null],
    'a record that is no object': ['FRESHET_WRONG_TYPE', raw('[1, 2, 3]'), null],
    'an empty user id': ['FRESHET_ID_INVALID', json({ userId: '' }), null],
    'an empty item id': ['FRESHET_ID_INVALID', avro({ itemId: '' }), null],
    'a user id of 257 bytes': ['FRESHET_ID_INVALID', avro({ userId: 'u'.repeat(257) }), null],
    'an item id of 258 bytes in 129 characters': ['FRESHET_ID_INVALID', json({ itemId: 'é'.repeat(129) }), null],
    'a time before 1970': ['FRESHET_TIME_INVALID', json({ ratedAt: -1 }), null],
    'a time more than a day ahead': ['FRESHET_TIME_INVALID', avro({ ratedAtMs: nowMs + dayMs + 1 }), null],
    'a weight of nothing': ['FRESHET_WEIGHT_INVALID', json({ weight: 0 }), null],
    'a message of 10 MB': ['FRESHET_MESSAGE_TOO_LARGE', raw(new Uint8Array(10_000_000).fill(0x7b)), null],
    'a tombstone without a key': ['FRESHET_ID_INVALID', { key: null, value: null }, null],
    'a tombstone under a key that is no text': ['FRESHET_ID_INVALID', { key: Uint8Array.of(0xff), value: null }, null],
  };
}

/** What stands before the bytes of a record whose schema is in a registry. */
export function confluentHeader(schemaId: number): Uint8Array {
  const header = new Uint8Array(5);
  new DataView(header.buffer).setInt32(1, schemaId);
  return header;
}
