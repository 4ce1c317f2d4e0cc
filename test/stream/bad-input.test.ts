import { describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { statsOf } from '../../src/stream/stats.ts';
import { badInputsAt, confluentHeader, ratingsAt } from '../support/bad-inputs.ts';
import { given, startFlow } from '../support/flow-harness.ts';
import { rate, raw } from '../support/flow-inputs.ts';
import { testNowMs } from '../support/test-clock.ts';

const dayMs = 86_400_000;
const { json, avro } = ratingsAt(testNowMs);
const badInputs = badInputsAt(testNowMs, 7);

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
    ['the Confluent header', raw(Uint8Array.of(...confluentHeader(7), ...rate('u', 'i', 3).value!))],
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

const hexOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
