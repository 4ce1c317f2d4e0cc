import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openInMemory, type InMemoryStore } from '../../src/adapters/embedded/open-in-memory.ts';
import { startEmbeddedWorker } from '../../src/cli/embedded-worker.ts';
import type { RunningWorker } from '../../src/cli/start-worker.ts';
import { StorageFullError } from '../../src/errors.ts';
import { defaultSettings } from '../../src/model/settings.ts';

const scale = { lo: 1, hi: 5 };
const codec = createCodec({ scale, nowMs: () => Date.now() });
const silent = () => undefined;

/** Ratings `from` to `to`, the last one left out. */
function ratings(from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => {
    const eventId = `event-${from + i}`;
    const rating = {
      userId: `user-${i % 3}`,
      itemId: `item-${from + i}`,
      rating: 4,
      ratedAtMs: 1e12,
      eventId,
      weight: 1,
    };
    return { key: null, value: codec.encodeRating(rating) };
  });
}

describe('a checkpoint of the timer that fails', () => {
  let failure: Error | null;
  let store: InMemoryStore;
  let running: RunningWorker;

  beforeEach(async () => {
    failure = null;
    store = openInMemory({
      hooks: {
        before(kind) {
          const error = kind === 'commit' ? failure : null;
          if (error === null) return;
          failure = null;
          throw error;
        },
      },
    });
    running = await startEmbeddedWorker(store, {
      settings: defaultSettings,
      scale,
      codec,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      checkpointEvents: 1000,
      checkpointMs: 3_600_000,
      maxUsers: 1000,
      maxItems: 1000,
    });
  });
  afterEach(async () => {
    await running.stop();
    await store.close();
  });

  const taken = (count: number) =>
    vi.waitUntil(() => running.worker.tasks.get(0)?.nextOffset === count, { timeout: 10_000, interval: 1 });

  async function everythingIsThereOnce(count: number): Promise<void> {
    await running.worker.checkpointAll();
    expect(store.committedOffset(0)).toBe(count);
    const published = store.read('predictions', 0, 0, 1000).map(({ value }) => codec.decodePrediction(value!).eventId);
    expect(published).toEqual(Array.from({ length: count }, (_, i) => `event-${i}`));
    expect(running.worker.tasks.get(0)?.score.events).toBe(count);
  }

  test('is made up for without waiting for another rating', async () => {
    await store.append(0, ratings(0, 10));
    await taken(10);
    failure = new Error('the disk hiccups');
    await running.worker.checkpointAll();
    await taken(10);
    await everythingIsThereOnce(10);
  });

  test('loses nothing when more ratings come at once', async () => {
    await store.append(0, ratings(0, 10));
    await taken(10);
    failure = new Error('the disk hiccups');
    await Promise.all([running.worker.checkpointAll(), store.append(0, ratings(10, 15))]);
    await taken(15);
    await everythingIsThereOnce(15);
  });

  test('loses nothing when the disk was full for a moment', async () => {
    await store.append(0, ratings(0, 10));
    await taken(10);
    failure = new StorageFullError('full');
    await expect(running.worker.checkpointAll()).rejects.toThrow(StorageFullError);
    await store.append(0, ratings(10, 15));
    await taken(15);
    await everythingIsThereOnce(15);
  });
});
