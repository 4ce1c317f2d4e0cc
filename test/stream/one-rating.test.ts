import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { itemField, userField } from '../../src/model/row-layout.ts';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { given, startFlow, type Flow } from '../support/flow-harness.ts';
import { forget, rate, withdraw } from '../support/flow-inputs.ts';
import { memoryOf } from '../support/flow-state.ts';
import { smallSettings } from '../support/flow-worker.ts';
import { testNowMs, until } from '../support/test-clock.ts';

const { k } = smallSettings;
const someRatings = [rate('ann', 'x', 5), rate('bob', 'x', 4), rate('ann', 'y', 1), rate('bob', 'z', 3)];

/** What biases and counts are made of: the user's long level, the item's own sums, and the mean's. */
function sumsOf({ worker }: Flow, userId: string, itemId: string) {
  const { learner } = worker.tasks.get(0)!;
  const user = learner.users.values(learner.users.find(userId));
  const item = new Float32Array(learner.items.cells);
  learner.items.read(learner.items.find(itemId), item);
  return {
    longSum: user[k + userField.longSum],
    longCount: user[k + userField.longCount],
    residualSum: item[k + itemField.residualSum],
    weightSum: item[k + itemField.weightSum],
    // The mean's cells are float64 sums of ratings that are no dyadic fractions: equal up to their rounding.
    mean: [...learner.sums.own.subarray(0, 2)].map((value) => Number(value.toFixed(9))),
  };
}

function rememberedItems({ worker }: Flow, userId: string): string[] {
  const { learner } = worker.tasks.get(0)!;
  const items: string[] = [];
  learner.forEachRemembered(learner.users.find(userId), ({ itemRow }) => items.push(learner.items.idOf(itemRow)));
  return items;
}

describe('one rating', () => {
  test('is predicted before it is learned: no prediction knows its own rating or a later one', async () => {
    const event = fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      item: fc.constantFrom('x', 'y', 'z'),
      halfStars: fc.integer({ min: 1, max: 10 }),
    });
    const property = fc.asyncProperty(
      fc.array(event, { minLength: 2, maxLength: 40, size: 'max' }),
      fc.nat({ max: 39 }),
      async (events, pick) => {
        const from = pick % events.length;
        const answers = async (flipped: boolean): Promise<unknown[]> => {
          const flow = await startFlow();
          await flow.send(
            ...events.map(({ user, item, halfStars }, i) =>
              rate(user, item, (flipped && i >= from ? 11 - halfStars : halfStars) / 2),
            ),
          );
          const { predictions } = flow.published();
          await flow.stop();
          // Up to and with the first flipped one, whose rating alone differs.
          return predictions.slice(0, from + 1).map((event) => ({ ...event, rating: null }));
        };
        expect(await answers(true)).toEqual(await answers(false));
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test('changes the predictions after it', async () => {
    const after = async (rating: number): Promise<number> => {
      const flow = await startFlow();
      await flow.send(rate('ann', 'x', rating), rate('ann', 'y', 3));
      await flow.stop();
      return flow.published().predictions[1]!.prediction;
    };
    expect(await after(5)).toBeGreaterThan(await after(0.5));
  });

  test('is published with all that it was predicted from', async () => {
    await given([])
      .when(rate('ann', 'x', 4.5, { eventId: 'e1' }))
      .thenPublished({
        predictions: [
          {
            userId: 'ann',
            itemId: 'x',
            eventId: 'e1',
            rating: 4.5,
            coldUser: true,
            coldItem: true,
            prediction: 2.75,
            parts: { mean: 2.75, userBias: 0, itemBias: 0, interaction: 0 },
            modelVersions: {},
            ratedAtMs: testNowMs - 10 * 86_400_000,
            predictedAtMs: testNowMs,
            sourcePartition: 0,
            sourceOffset: 0,
          },
        ],
      });
  });

  test('of a known user for a known item is answered as such', async () => {
    await given(someRatings)
      .when(rate('ann', 'z', 2))
      .thenPublished({ predictions: [{ coldUser: false, coldItem: false, sourceOffset: 4 }] });
  });

  test('is not needed to be answered: unknown users and items get a finite answer and no row', async () => {
    const flow = await startFlow();
    await flow.send(...someRatings);
    const before = memoryOf(flow.worker);
    for (const [user, item] of [
      ['stranger', 'x'],
      ['ann', 'novelty'],
      ['stranger', 'novelty'],
    ] as const) {
      const { prediction, low, high, coldUser, coldItem } = flow.serving.predict(user, item);
      expect([low <= prediction, prediction <= high]).toEqual([true, true]);
      expect({ coldUser, coldItem }).toEqual({ coldUser: user === 'stranger', coldItem: item === 'novelty' });
    }
    expect(flow.serving.recommend('stranger', 2)).toHaveLength(2);
    expect(memoryOf(flow.worker)).toEqual(before);
    await flow.stop();
  });

  test('of the same pair replaces the former one', async () => {
    const flow = await startFlow();
    await flow.send(rate('ann', 'y', 3), rate('ann', 'x', 1));
    await flow.send(rate('ann', 'x', 5));
    expect(sumsOf(flow, 'ann', 'x')).toMatchObject({ longCount: 2, weightSum: 1 });
    // On the inner scale 3 is 29/9 and 5 is 5; the former 1 is gone.
    expect(sumsOf(flow, 'ann', 'x').mean).toEqual([expect.closeTo(29 / 9 + 5, 3), 2]);
    expect(rememberedItems(flow, 'ann')).toEqual(['x', 'y']);
    await flow.stop();
  });

  test.each([
    ['ann', 'x'],
    ['bob', 'novelty'],
    ['cy', 'x'],
  ])('of %s for %s, withdrawn, leaves biases, counts and history as they were', async (user, item) => {
    const flow = await startFlow();
    await flow.send(...someRatings.slice(1), rate('ann', 'z', 2), rate('cy', 'z', 4), rate('dee', 'novelty', 2));
    const before = sumsOf(flow, user, item);
    const remembered = rememberedItems(flow, user);
    await flow.send(rate(user, item, 5, { weight: 0.5 }));
    expect(sumsOf(flow, user, item)).not.toEqual(before);
    await flow.send(withdraw(user, item));
    expect(sumsOf(flow, user, item)).toEqual(before);
    expect(rememberedItems(flow, user)).toEqual(remembered);
    await flow.stop();
  });

  test('that is not remembered can be withdrawn: it is answered, and nothing else happens', async () => {
    const flow = await startFlow();
    await flow.send(...someRatings);
    const withoutPlace = (): object => ({ ...memoryOf(flow.worker), 'task 0 events': '', 'task 0 offset': '' });
    const before = withoutPlace();
    await flow.send(withdraw('ann', 'z'), withdraw('stranger', 'x'), withdraw('ann', 'novelty'));
    expect(flow.published().predictions.slice(4)).toMatchObject([{ rating: null }, { rating: null }, { rating: null }]);
    expect(withoutPlace()).toEqual(before);
    await flow.stop();
  });

  test('weighs what it says', async () => {
    const flow = await startFlow();
    await flow.send(rate('ann', 'x', 5, { weight: 2.5 }));
    expect(sumsOf(flow, 'ann', 'x')).toMatchObject({ longCount: 2.5, weightSum: 2.5 });
    await flow.stop();
  });
});

describe('a tombstone', () => {
  const rowsOf = async ({ store }: Flow, userId: string): Promise<string[]> => {
    const keys: string[] = [];
    await store.visit(0, { state: (key) => keys.push(key) });
    return keys.filter((key) => key.endsWith(`/${userId}`));
  };

  test('publishes a receipt and no prediction', async () => {
    const tombstone = { sourcePartition: 0, sourceOffset: 4, forgottenAtMs: testNowMs };
    await given(someRatings)
      .when(forget('ann'), forget('ann'), rate('ann', 'z', 2), forget('ann'))
      .thenPublished({
        predictions: [{ userId: 'ann', sourceOffset: 6 }],
        receipts: [
          { userId: 'ann', known: true, rememberedRatings: 2, ...tombstone },
          { userId: 'ann', known: false, rememberedRatings: 0, ...tombstone, sourceOffset: 5 },
          { userId: 'ann', known: true, rememberedRatings: 1, ...tombstone, sourceOffset: 7 },
        ],
      });
  });

  test('of a user never seen, or known to the store only, has its receipt as well', async () => {
    const flow = await startFlow({ maxUsers: 1 });
    await flow.send(rate('ann', 'x', 5), rate('bob', 'x', 4));
    await flow.send(rate('cy', 'x', 3));
    await flow.send(forget('ann'), forget('stranger'));
    expect(flow.published().receipts).toMatchObject([
      { userId: 'ann', known: true, rememberedRatings: 1 },
      { userId: 'stranger', known: false, rememberedRatings: 0 },
    ]);
    await flow.stop();
  });

  test('removes the rows of the user and takes the ratings out of everybody else', async () => {
    const flow = await startFlow();
    await flow.send(rate('bob', 'x', 4));
    const before = sumsOf(flow, 'bob', 'x');
    await flow.send(...Array.from({ length: 8 }, (_, i) => rate('ann', i === 3 ? 'x' : `i${i}`, 5)));
    expect(await rowsOf(flow, 'ann')).toEqual(expect.arrayContaining(['u/ann', 'h/0/ann', 'h/1/ann']));
    await flow.send(forget('ann'));
    expect(await rowsOf(flow, 'ann')).toEqual([]);
    expect(flow.serving.predict('ann', 'x').coldUser).toBe(true);
    expect(sumsOf(flow, 'bob', 'x')).toEqual(before);
    const next = await flow.crash();
    expect(next.serving.predict('ann', 'x').coldUser).toBe(true);
    await next.stop();
  });

  test('lets the user begin anew, with nothing of before', async () => {
    const flow = await startFlow();
    await flow.send(...someRatings, forget('ann'), rate('ann', 'z', 2));
    expect(flow.published().predictions.at(-1)).toMatchObject({ userId: 'ann', coldUser: true });
    expect(sumsOf(flow, 'ann', 'z')).toMatchObject({ longCount: 1 });
    expect(await rowsOf(flow, 'ann')).toEqual(['u/ann', 'h/0/ann']);
    await flow.stop();
  });

  test('of a user whom only the store still knows, met again before the checkpoint, stays in force', async () => {
    const flow = await startFlow({ maxUsers: 1 });
    await flow.send(rate('ann', 'x', 5), rate('bob', 'x', 4));
    await flow.send(rate('cy', 'x', 3));
    await flow.send(forget('ann'), rate('ann', 'y', 2));
    expect(flow.published().predictions.at(-1)).toMatchObject({ userId: 'ann', coldUser: true });
    await flow.stop();
  });

  test('of an unknown user changes nothing', async () => {
    const flow = await startFlow();
    await flow.send(...someRatings);
    const before = memoryOf(flow.worker);
    await flow.send(forget('stranger'));
    expect(memoryOf(flow.worker)).toEqual({ ...before, 'task 0 events': '5', 'task 0 offset': '5' });
    await flow.stop();
  });
});

describe('an event that comes again', () => {
  test('with the same id is learned once and published once', async () => {
    await given([rate('ann', 'x', 4, { eventId: 'e1' })])
      .when(rate('ann', 'x', 4, { eventId: 'e1' }), rate('ann', 'y', 1, { eventId: 'e1' }))
      .thenNothingPublished();
  });

  test('without an id is another event', async () => {
    await given([rate('ann', 'x', 4)])
      .when(rate('ann', 'x', 4))
      .thenPublished({ predictions: [{ sourceOffset: 1 }] });
  });

  test('is known after a restart, and across a checkpoint that did not happen', async () => {
    const flow = await startFlow();
    await flow.send(rate('ann', 'x', 4, { eventId: 'e1' }));
    const next = await flow.crash();
    await next.send(rate('ann', 'x', 5, { eventId: 'e1' }), rate('ann', 'y', 5, { eventId: 'e2' }));
    expect(next.published().predictions.map(({ eventId }) => eventId)).toEqual(['e1', 'e2']);
    await next.stop();
  });

  test('is a duplicate among the last 100,000 events, and a new one after that', { timeout: 120_000 }, async () => {
    const settings = { ...smallSettings, effort: 'fast' as const };
    const filler: OutputRecord[] = Array.from({ length: 49_999 }, (_, i) => rate(`u${i % 50}`, `i${i % 40}`, 3));
    const again = rate('ann', 'x', 4, { eventId: 'e1' });
    const first = await startFlow({ settings, checkpointEvents: 20_000 });
    await first.send(again);
    await first.send(...filler);
    const second = await first.crash();
    await second.send(...filler);
    // 99,998 events in between: the two are the first and the last of 100,000.
    await second.send(again);
    expect(second.worker.tasks.get(0)!.counts.skipped).toBe(1);
    const third = await second.crash();
    await third.send(rate('ann', 'y', 3), again);
    expect(third.worker.tasks.get(0)!.counts).toMatchObject({ skipped: 0, applied: 2 });
    await third.stop();
  });

  test('from the transport, already applied, is skipped', async () => {
    let rewinds = 3;
    const flow = await startFlow({ wantedNext: (_, next) => (rewinds-- > 0 ? 0 : next) });
    await flow.send(...someRatings);
    const { counts } = flow.worker.tasks.get(0)!;
    await until(() => counts.skipped === 12, 'all four came three times more and were skipped');
    await flow.whenCaughtUp();
    expect(flow.published().predictions.map(({ sourceOffset }) => sourceOffset)).toEqual([0, 1, 2, 3]);
    expect(counts.applied).toBe(4);
    await flow.stop();
  });
});
