import { expect, test } from 'vitest';
import { startFlow } from '../support/flow-harness.ts';
import { rate } from '../support/flow-inputs.ts';

const itemIds = Array.from({ length: 40 }, (_, i) => `i${i}`);
const others = itemIds.flatMap((item, i) =>
  Array.from({ length: 3 }, (_, u) => rate(`u${(i + 5 * u) % 11}`, item, 0.5 + ((i * 7 + u * 3) % 10) / 2)),
);
const rated = ['i3', 'i17', 'i39'];

test('a ranking has the best of what was not rated, as each is predicted by itself, best first', async () => {
  const flow = await startFlow();
  await flow.send(...others, ...rated.map((item, i) => rate('ann', item, 2 + i)));
  const left = itemIds.filter((item) => !rated.includes(item));
  const predicted = left.map((itemId) => ({ itemId, prediction: flow.serving.predict('ann', itemId).prediction }));
  const best = predicted.toSorted((a, b) => b.prediction - a.prediction).map(({ prediction }) => prediction);
  // Four times as many are looked at: from ten on all are.
  for (const count of [10, 25, 37, 100]) {
    const found = flow.serving.recommend('ann', count);
    expect(found.map(({ prediction }) => prediction)).toEqual(best.slice(0, count));
    for (const item of found) expect(predicted).toContainEqual(item);
    expect(new Set(found.map(({ itemId }) => itemId)).size).toBe(Math.min(count, left.length));
  }
  const few = flow.serving.recommend('ann', 3);
  expect(few).toHaveLength(3);
  expect(few).toEqual(few.toSorted((a, b) => b.prediction - a.prediction));
  expect(flow.serving.recommend('ann', 0)).toEqual([]);
  await flow.stop();
});
