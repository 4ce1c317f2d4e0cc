import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statsOf } from '../../src/stream/stats.ts';
import { startFlow } from '../support/flow-harness.ts';
import { forget, rate, withdraw } from '../support/flow-inputs.ts';
import { storedBy } from '../support/flow-state.ts';
import { unlimited } from '../support/flow-worker.ts';

const event = fc.record({
  kind: fc.constantFrom('rate', 'rate', 'rate', 'rate', 'rate', 'withdraw', 'forget'),
  user: fc.nat({ max: 8 }).map((n) => `u${n}`),
  item: fc.nat({ max: 14 }).map((n) => `i${n}`),
  halfStars: fc.integer({ min: 1, max: 10 }),
});
const events = fc.array(event, { minLength: 60, maxLength: 120, size: 'max' }).map((all) =>
  all.map(({ kind, user, item, halfStars }) => {
    if (kind === 'forget') return forget(user);
    return kind === 'withdraw' ? withdraw(user, item) : rate(user, item, halfStars / 2);
  }),
);

describe('a cap on the rows in memory', () => {
  test('loses nothing: predictions and stored rows are bit-equal to those without one, also over a restart', async () => {
    let usersEvicted = 0;
    let itemsEvicted = 0;
    const property = fc.asyncProperty(events, fc.integer({ min: 1, max: 9 }), async (records, checkpointEvents) => {
      const outcome = async (cap: number): Promise<unknown> => {
        const options = { maxUsers: cap, maxItems: cap, checkpointEvents };
        const first = await startFlow(options);
        const half = records.length >> 1;
        await first.send(...records.slice(0, half));
        const evicted = statsOf(first.worker).stats();
        usersEvicted += evicted.usersEvicted;
        itemsEvicted += evicted.itemsEvicted;
        const second = await first.crash();
        await second.send(...records.slice(half));
        const result = { ...second.published(), stored: await storedBy(second.store, 0) };
        await second.stop();
        return result;
      };
      expect(await outcome(2)).toEqual(await outcome(unlimited));
    });
    await fc.assert(property, { numRuns: 25 });
    expect(usersEvicted).toBeGreaterThan(100);
    expect(itemsEvicted).toBeGreaterThan(100);
  });

  test('holds, but for items that remembered ratings of the users in memory refer to', async () => {
    const flow = await startFlow({ maxUsers: 2, maxItems: 3, checkpointEvents: 5 });
    await flow.send(...Array.from({ length: 60 }, (_, i) => rate(`u${i % 12}`, `i${i % 20}`, 3)));
    const { userRows, itemRows } = statsOf(flow.worker).stats();
    expect(userRows).toBe(2);
    // Five ratings of each of two users.
    expect(itemRows).toBeLessThanOrEqual(10);
    await flow.stop();
  });

  test('answers for a user and an item that were evicted as for one that was not', async () => {
    const records = Array.from({ length: 40 }, (_, i) => rate(`u${i % 8}`, `i${i % 10}`, ((i * 7) % 10) / 2 + 0.5));
    const answers = async (cap: number): Promise<unknown[]> => {
      const flow = await startFlow({ maxUsers: cap, maxItems: cap });
      await flow.send(...records);
      const pairs = Array.from({ length: 80 }, (_, i) => flow.serving.predict(`u${i % 8}`, `i${i % 10}`));
      await flow.stop();
      return pairs;
    };
    expect(await answers(1)).toEqual(await answers(unlimited));
  });
});
