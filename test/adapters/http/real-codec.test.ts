import { describe, expect, it } from 'vitest';
import { createCodec } from '../../../src/adapters/avro/codec.ts';
import { givenServer, jsonOf, postJson, rating } from './given-server.ts';

const nowMs = (): number => 1_700_000_000_000;
const scale = { lo: 0.5, hi: 5 };

describe('with the Avro codec', () => {
  it('stores records that decode to what was sent', async () => {
    const codec = createCodec({ scale, nowMs });
    const { url, log } = await givenServer({ codec, nowMs });
    const body = await jsonOf(
      postJson(url, [
        rating('u1', { eventId: 'e1', extra: true }),
        rating('u2', { rating: 99 }),
        rating('x'.repeat(257)),
        rating('u3', { rating: null, ratedAt: undefined }),
      ]),
    );
    expect(body).toMatchObject({ accepted: 2, rejected: 2 });
    const codes = (body.errors as { code: string }[]).map(({ code }) => code);
    expect(codes).toEqual(['FRESHET_RATING_OUTSIDE_SCALE', 'FRESHET_ID_INVALID']);
    expect(log.partitions[0]!.map(({ value }) => codec.decodeRating(value!))).toEqual([
      { userId: 'u1', itemId: 'i1', rating: 4, ratedAtMs: 1_600_000_000_000, eventId: 'e1', weight: 1 },
      { userId: 'u3', itemId: 'i1', rating: null, ratedAtMs: nowMs(), eventId: null, weight: 1 },
    ]);
  });

  it("takes a user's own field names, and dates by receipt whatever their unit of time is", async () => {
    const mapping = {
      userId: 'customer.id',
      itemId: 'sku',
      rating: 'stars',
      ratedAt: 'event.at',
      ratedAtUnit: 'seconds',
    } as const;
    const codec = createCodec({ scale, nowMs, mapping });
    const { url, log } = await givenServer({ codec, nowMs, timeField: mapping.ratedAt });
    const own = { customer: { id: 'u1' }, sku: 12, stars: 3.5 };
    expect(await jsonOf(postJson(url, [own, { ...own, event: { at: 1_600_000_000 } }]))).toMatchObject({ accepted: 2 });
    const stored = log.partitions[0]!.map(({ value }) => codec.decodeRating(value!));
    expect(stored.map(({ ratedAtMs }) => ratedAtMs)).toEqual([nowMs(), 1_600_000_000_000]);
    expect(stored[0]).toMatchObject({ userId: 'u1', itemId: '12', rating: 3.5 });
  });
});
