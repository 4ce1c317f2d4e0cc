import { describe, expect, it } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { startEmbeddedWorker } from '../../src/cli/embedded-worker.ts';
import { createKernel } from '../../src/kernel/choose.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { prequential } from '../../src/stream/prequential.ts';
import { statsOf } from '../../src/stream/stats.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('prequential evaluation', () => {
  it('tells the error that the same ratings have in the stream', async () => {
    const table = syntheticRatings({ events: 3000, users: 100, items: 60 });
    const codec = createCodec({ scale: table.scale, nowMs: () => Date.now() });
    const store = openInMemory();
    const embedded = await startEmbeddedWorker(store, {
      settings: defaultSettings,
      scale: table.scale,
      codec,
      log: silent,
      checkpointEvents: 300,
      checkpointMs: 1000,
      maxUsers: 1e6,
      maxItems: 1e6,
    });
    const records = Array.from(table.ratings, (rating, event) => {
      const userId = table.users[table.userIndex[event]!]!;
      const itemId = table.items[table.itemIndex[event]!]!;
      const ratedAtMs = table.ratedAtMs[event]!;
      const value = codec.encodeRating({ userId, itemId, rating, ratedAtMs, eventId: null, weight: 1 });
      return { key: Buffer.from(userId), value };
    });
    await store.append(0, records);
    await expect.poll(() => embedded.serving.appliedOffset(0)).toBe(3000);
    const streamed = statsOf(embedded.worker).stats().experts;
    await embedded.stop();
    await store.close();

    const evaluated = (await prequential(table, defaultSettings, createKernel(), systemClock)).experts;
    for (const { expert, rmseTotal, maeTotal } of streamed) {
      expect(evaluated[expert]!.rmse).toBeCloseTo(rmseTotal, 9);
      expect(evaluated[expert]!.mae).toBeCloseTo(maeTotal, 9);
    }
  });

  it('does not let the warm-up reach the result: any order of calls gives the same bits', async () => {
    const table = syntheticRatings({ events: 500, users: 30, items: 20 });
    const first = await prequential(table, defaultSettings, createKernel(), systemClock);
    const second = await prequential(table, defaultSettings, createKernel(), systemClock);
    expect(second.experts).toEqual(first.experts);
  });
});
