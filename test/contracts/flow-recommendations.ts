/** What the recommendations of a user must be in the end, told by the ratings alone. */
import { expect } from 'vitest';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { RejectedRecordError } from '../../src/errors.ts';
import type { Rating } from '../../src/ports/events.ts';
import { flowCodec } from '../support/flow-worker.ts';

/**
 * Whoever rated something since they were last forgotten has recommendations; whoever was forgotten last has a
 * tombstone; and no marker is left of what was due.
 */
export async function recommendationsAreRight(store: EmbeddedStore, partition: number): Promise<void> {
  const expected = new Map<string, 'some' | 'none'>();
  const seen = new Set<string>();
  for (const { key, value } of store.read('ratings', partition, 0, Infinity)) {
    if (value === null) {
      expected.set(flowCodec.decodeUserKey(key!), 'none');
      continue;
    }
    const rating = ratingIn(value);
    if (rating === null || (rating.eventId !== null && seen.has(rating.eventId))) continue;
    if (rating.eventId !== null) seen.add(rating.eventId);
    if (rating.rating !== null) expected.set(rating.userId, 'some');
  }
  const found = new Map<string, 'some' | 'none'>();
  for (const { key, value } of store.read('recommendations', partition, 0, Infinity)) {
    const userId = flowCodec.decodeUserKey(key!);
    found.set(userId, value === null ? 'none' : 'some');
    if (value !== null) expect(flowCodec.decodeRecommendations(value).userId).toBe(userId);
  }
  expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()));
  const markers: string[] = [];
  await store.visit(partition, { state: (key) => (key.startsWith('r/') ? markers.push(key) : undefined) });
  expect(markers).toEqual([]);
}

function ratingIn(value: Uint8Array): Rating | null {
  try {
    return flowCodec.decodeRating(value);
  } catch (error) {
    if (error instanceof RejectedRecordError) return null;
    throw error;
  }
}
