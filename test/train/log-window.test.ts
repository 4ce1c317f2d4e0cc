/** What of the log is trained on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import type { LoggedRatings } from '../../src/ports/logged-ratings.ts';
import type { InputRecord } from '../../src/ports/transport.ts';
import { readLogWindow, type WindowLimits } from '../../src/train/log-window.ts';

const scale = { lo: 0.5, hi: 5 };
const day = 86_400_000;
const startMs = Date.UTC(2024, 0, 1);
const codec = createCodec({ scale, nowMs: () => startMs + 1000 * day });

type Entry =
  | { readonly user: string; readonly item: string; readonly rating: number | null; readonly atMs?: number }
  | { readonly forget: string }
  | 'no rating';

function recordOf(entry: Entry, offset: number): InputRecord {
  if (entry === 'no rating') return { offset, key: null, value: Uint8Array.of(0xff, 1) };
  if ('forget' in entry) return { offset, key: Buffer.from(entry.forget), value: null };
  const { user, item, rating, atMs = startMs + 1000 * offset } = entry;
  const event = { userId: user, itemId: item, rating, ratedAtMs: atMs, eventId: null, weight: 1 };
  return { offset, key: Buffer.from(user), value: codec.encodeRating(event) };
}

/** A log of these partitions whose first records are gone, and whose pages are small. */
function logOf(partitions: readonly (readonly Entry[])[], firstOffset = 0): LoggedRatings {
  return {
    partitionCount: partitions.length,
    bounds: async (p) => ({ start: firstOffset, end: firstOffset + partitions[p]!.length }),
    async read(p, from, to, onPage) {
      const records = partitions[p]!.map((entry, n) => recordOf(entry, firstOffset + n));
      const wanted = records.filter(({ offset }) => offset >= from && offset < to);
      for (let at = 0; at < wanted.length; at += 3) await onPage(wanted.slice(at, at + 3));
    },
    close: async () => undefined,
  };
}

const all: WindowLimits = { ratings: 1000, days: Infinity };

async function windowOf(log: LoggedRatings, limits = all) {
  const { window, ...rest } = await readLogWindow(log, codec, scale, limits);
  const { users, items, ratings, userIds, itemIds, seconds } = window;
  const pairs = Array.from(ratings, (rating, n) => `${userIds[users[n]!]} ${itemIds[items[n]!]} ${rating.toFixed(2)}`);
  return { ...rest, pairs, seconds: Array.from(seconds), userIds, itemIds };
}

describe('the window of a log', () => {
  test('has ratings in time order over all partitions, on the inner scale, with the offsets they go up to', async () => {
    const log = logOf([
      [
        { user: 'a', item: 'x', rating: 5, atMs: startMs + 3000 },
        { user: 'a', item: 'y', rating: 0.5, atMs: startMs },
      ],
      [{ user: 'b', item: 'x', rating: 2.75, atMs: startMs + 1000 }, 'no rating'],
    ]);
    expect(await windowOf(log)).toMatchObject({
      pairs: ['a y 1.00', 'b x 3.00', 'a x 5.00'],
      offsets: { '0': 2, '1': 2 },
      refused: 1,
    });
  });

  test('has the last rating of a pair, no withdrawn one, and of a forgotten user what came after', async () => {
    const log = logOf([
      [
        { user: 'a', item: 'x', rating: 1 },
        { user: 'a', item: 'x', rating: 5 },
        { user: 'a', item: 'y', rating: 4 },
        { user: 'a', item: 'y', rating: null },
        { user: 'gone', item: 'z', rating: 3 },
        { user: 'back', item: 'x', rating: 3 },
        { forget: 'gone' },
        { forget: 'back' },
        { user: 'back', item: 'x', rating: 0.5 },
      ],
    ]);
    const window = await windowOf(log);
    expect(window.pairs).toEqual(['a x 5.00', 'back x 1.00']);
    expect(window.userIds).toEqual(['a', 'back']);
    expect(window.itemIds).toEqual(['x']);
  });

  test('begins with what is still kept of a log whose first records are gone', async () => {
    const log = logOf([[{ user: 'a', item: 'x', rating: 5 }]], 5000);
    expect(await windowOf(log)).toMatchObject({ pairs: ['a x 5.00'], offsets: { '0': 5001 } });
  });

  test('of nothing is empty', async () => {
    expect((await windowOf(logOf([[], []]))).pairs).toEqual([]);
  });

  test('leaves out what is older than the days it has', async () => {
    const entries = [0, 5, 9, 10].map((days): Entry => ({
      user: `u${days}`,
      item: 'x',
      rating: 3,
      atMs: startMs + days * day,
    }));
    expect((await windowOf(logOf([entries]), { ratings: 1000, days: 5 })).userIds).toEqual(['u5', 'u9', 'u10']);
  });

  test('is what a plain reading of the whole log gives, whatever comes in which order', async () => {
    const user = fc.constantFrom('a', 'b', 'c');
    const item = fc.constantFrom('x', 'y');
    const entry: fc.Arbitrary<Entry> = fc.oneof(
      { arbitrary: fc.record({ user, item, rating: fc.constantFrom(0.5, 2, 5, null) }), weight: 6 },
      { arbitrary: fc.record({ forget: user }), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (entries) => {
        const kept = new Map<string, number>();
        for (const one of entries) {
          if (one === 'no rating') continue;
          if ('forget' in one) for (const pair of [...kept.keys()]) if (pair.startsWith(one.forget)) kept.delete(pair);
          if ('forget' in one) continue;
          if (one.rating === null) kept.delete(`${one.user} ${one.item}`);
          else kept.set(`${one.user} ${one.item}`, 1 + (4 * (one.rating - 0.5)) / 4.5);
        }
        const expected = [...kept].map(([pair, rating]) => `${pair} ${rating.toFixed(2)}`);
        expect((await windowOf(logOf([entries]))).pairs.sort()).toEqual(expected.sort());
      }),
    );
  });

  test('reads no more than it may have, of the end of each partition', async () => {
    const many = (name: string, count: number): Entry[] =>
      Array.from({ length: count }, (_, n) => ({ user: `${name}${n}`, item: 'x', rating: 3 }));
    const { userIds } = await windowOf(logOf([many('a', 30), many('b', 10)]), { ratings: 20, days: Infinity });
    expect(userIds.length).toBeLessThanOrEqual(20);
    expect([...userIds].sort()).toEqual(
      [...many('a', 30).slice(15), ...many('b', 10).slice(5)].map((one) => (one as { user: string }).user).sort(),
    );
  });
});
