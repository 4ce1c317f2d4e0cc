import { describe, expect, test } from 'vitest';
import { startFlow } from '../support/flow-harness.ts';
import { forget, rate } from '../support/flow-inputs.ts';
import { smallSettings } from '../support/flow-worker.ts';

const people = ['ann', 'bob', 'cy', 'dee', 'eve'];
/** Two tastes: who likes one kind of item does not like the other. */
const tastes = Array.from({ length: 200 }, (_, n) => {
  const [user, item] = [n % people.length, (n * 7) % 8];
  return rate(people[user]!, `i${item}`, (user + item) % 2 === 0 ? 5 : 1);
});

describe.each([
  ['by factors', { ...smallSettings, effort: 'balanced' as const, sketchWidth: 0 }],
  ['with the posterior', smallSettings],
])('an explanation %s', (_name, settings) => {
  test('is the same prediction, in steps that add up to it, the longest first', async () => {
    const flow = await startFlow({ settings });
    await flow.send(...tastes);
    for (const [user, item] of [
      ['ann', 'i1'],
      ['ann', 'unknown'],
      ['stranger', 'i1'],
      ['stranger', 'unknown'],
    ] as const) {
      const explanation = flow.serving.explain(user, item);
      const { reasons, ratings, ...prediction } = explanation;
      expect(prediction).toEqual(flow.serving.predict(user, item));
      const sum = reasons.reduce((total, { moved }) => total + moved, prediction.parts.mean);
      expect(sum).toBeCloseTo(prediction.prediction, 2);
      const lengths = reasons.map(({ moved }) => Math.abs(moved));
      expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
      if (user === 'stranger') expect(ratings).toEqual([]);
    }
    await flow.stop();
  });

  test('names ratings of the user, as they were given', async () => {
    const flow = await startFlow({ settings });
    await flow.send(...tastes);
    const { history } = flow.serving.user('ann');
    const named = people.flatMap((user) =>
      flow.serving.explain(user, 'i1').ratings.map((rating) => ({ user, rating })),
    );
    expect(named.length).toBeGreaterThan(0);
    for (const { rating } of named.filter(({ user }) => user === 'ann')) {
      expect(history).toContainEqual({ itemId: rating.itemId, rating: rating.rating, ratedAtMs: rating.ratedAtMs });
    }
    for (const { rating } of named) expect(Number.isFinite(rating.moved) && rating.moved !== 0).toBe(true);
    await flow.stop();
  });

  test('changes nothing: what follows is the same, bit for bit', async () => {
    const [looked, left] = await Promise.all([startFlow({ settings }), startFlow({ settings })]);
    for (let n = 0; n < tastes.length; n += 20) {
      const batch = tastes.slice(n, n + 20);
      await Promise.all([looked.send(...batch), left.send(...batch)]);
      looked.serving.explain('ann', 'i1');
      looked.serving.user('bob');
    }
    for (const user of people) expect(looked.serving.predict(user, 'i3')).toEqual(left.serving.predict(user, 'i3'));
    await Promise.all([looked.stop(), left.stop()]);
  });
});

describe('what is remembered of a user', () => {
  test('is there latest first, and gone when the user is forgotten', async () => {
    const flow = await startFlow();
    expect(flow.serving.user('ann')).toEqual({
      userId: 'ann',
      isKnown: false,
      ratingsLearned: 0,
      level: 0,
      history: [],
    });
    await flow.send(rate('ann', 'a', 4.5), rate('ann', 'b', 0.5), rate('ann', 'a', 3));
    const view = flow.serving.user('ann');
    expect(view).toMatchObject({ isKnown: true, ratingsLearned: 3 });
    expect(view.history.map(({ itemId, rating }) => [itemId, rating])).toEqual([
      ['a', 3],
      ['b', 0.5],
    ]);
    await flow.send(forget('ann'));
    expect(flow.serving.user('ann').isKnown).toBe(false);
    await flow.stop();
  });
});
