import { describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { statsOf } from '../../src/stream/stats.ts';
import { given, startFlow } from '../support/flow-harness.ts';
import { rate, raw } from '../support/flow-inputs.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { testNowMs } from '../support/test-clock.ts';

const dayMs = 86_400_000;
const json = (fields: object): OutputRecord =>
  raw(JSON.stringify({ userId: 'u', itemId: 'i', rating: 3, ratedAt: testNowMs, ...fields }));
/** As a producer of the Avro schema sends what our own encoder would send, unchecked. */
const avro = (fields: object): OutputRecord =>
  raw(
    flowCodec.encodeRating({
      userId: 'u',
      itemId: 'i',
      rating: 3,
      ratedAtMs: testNowMs,
      eventId: null,
      weight: 1,
      ...fields,
    }),
  );

const badInputs: Readonly<Record<string, readonly [code: string, record: OutputRecord, schemaId: number | null]>> = {
  'bytes that are no Avro': ['FRESHET_UNDECODABLE', raw(Uint8Array.of(0xff, 0xff, 0xff)), null],
  'no bytes at all': ['FRESHET_UNDECODABLE', raw(new Uint8Array(0)), null],
  'half a JSON object': ['FRESHET_UNDECODABLE', raw('{"userId":'), null],
  'a schema id that nobody knows': ['FRESHET_UNKNOWN_SCHEMA', raw(Uint8Array.of(0, 0, 0, 9, 1, 2, 2)), 2305],
  'a known schema id before other bytes': ['FRESHET_UNDECODABLE', raw(Uint8Array.of(0, 0, 0, 0, 7, 0xff)), 7],
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
  'a time more than a day ahead': ['FRESHET_TIME_INVALID', avro({ ratedAtMs: testNowMs + dayMs + 1 }), null],
  'a weight of nothing': ['FRESHET_WEIGHT_INVALID', json({ weight: 0 }), null],
  'a message of 10 MB': ['FRESHET_MESSAGE_TOO_LARGE', raw(new Uint8Array(10_000_000).fill(0x7b)), null],
  'a tombstone without a key': ['FRESHET_ID_INVALID', { key: null, value: null }, null],
  'a tombstone under a key that is no text': ['FRESHET_ID_INVALID', { key: Uint8Array.of(0xff), value: null }, null],
};

describe('bad input', () => {
  test.each(Object.entries(badInputs))(
    '%s becomes a dead letter, and the stream goes on',
    async (_name, [code, record, schemaId]) => {
      const flow = await startFlow();
      await flow.send(rate('ann', 'x', 4), record, rate('ann', 'y', 2));
      const { predictions, deadLetters } = flow.published();
      expect(predictions.map(({ sourceOffset }) => sourceOffset)).toEqual([0, 2]);
      const [letter, ...others] = deadLetters;
      expect(others).toEqual([]);
      expect(letter).toMatchObject({
        code,
        topic: 'ratings',
        partition: 0,
        offset: 1,
        schemaId,
        refusedAtMs: testNowMs,
      });
      expect(letter!.reason.length).toBeGreaterThan(20);
      // The bytes as they came. Compared as one: element by element takes seconds for 10 MB.
      expect(hexOf(letter!.value) === hexOf(record.value)).toBe(true);
      expect(hexOf(letter!.key) === hexOf(record.key)).toBe(true);
      expect(statsOf(flow.worker).stats().partitions[0]!.deadLetters).toEqual({ [code]: 1 });
      await flow.stop();
    },
  );

  test('teaches nothing: what comes after is as if it had not come', async () => {
    const bad = Object.values(badInputs).map(([, record]) => record);
    const answers = async (between: readonly OutputRecord[]): Promise<unknown[]> => {
      const flow = await startFlow();
      await flow.send(rate('ann', 'x', 4), ...between, rate('ann', 'y', 2), rate('bob', 'x', 1));
      await flow.stop();
      return flow.published().predictions.map((event) => ({ ...event, sourceOffset: 0 }));
    };
    expect(await answers(bad)).toEqual(await answers([]));
  });

  test('keeps its event id free for the corrected event', async () => {
    await given([json({ rating: 99, eventId: 'e1' })])
      .when(json({ rating: 4, eventId: 'e1' }))
      .thenPublished({ predictions: [{ eventId: 'e1', rating: 4 }] });
  });

  test('is refused again, once, after a crash before its checkpoint', async () => {
    const flow = await startFlow({ checkpointEvents: 1000 });
    await flow.store.append(0, [json({ rating: 99 })]);
    const next = await flow.crash();
    await next.whenCaughtUp();
    expect(next.published().deadLetters).toHaveLength(1);
    await next.stop();
  });

  test.each([
    ['ids of 256 bytes', avro({ userId: 'u'.repeat(256), itemId: 'é'.repeat(128) })],
    ['a time of 1970', avro({ ratedAtMs: 0 })],
    ['a time a day ahead', avro({ ratedAtMs: testNowMs + dayMs })],
    ['the ends of the scale', json({ rating: 0.5 })],
    ['numbers for ids, and fields that nobody asked for', json({ userId: 7, itemId: 8, colour: 'red' })],
    ['the Confluent header', raw(framed(rate('u', 'i', 3).value!))],
  ])('is not what has %s', async (_name, record) => {
    await given([])
      .when(record)
      .thenPublished({ predictions: [{}] });
  });

  test('says so through the harness', async () => {
    await given([])
      .when(json({ rating: 9 }))
      .thenDeadLettered('FRESHET_RATING_OUTSIDE_SCALE', { offset: 0 });
  });
});

function framed(value: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 7, ...value);
}

const hexOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
