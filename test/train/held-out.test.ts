/** How a network does on the held-out tail, beside a computation that knows nothing of it. */
import { expect, test } from 'vitest';
import type { Network } from '../../src/model/networks/network.ts';
import { measureHeldOut } from '../../src/train/held-out.ts';
import type { RatingsWindow } from '../../src/train/window.ts';

const windowOf = (rows: readonly (readonly [number, number, number])[]): RatingsWindow => ({
  users: Int32Array.from(rows, ([user]) => user),
  items: Int32Array.from(rows, ([, item]) => item),
  ratings: Float32Array.from(rows, ([, , rating]) => rating),
  seconds: Uint32Array.from(rows.keys()),
  userIds: ['a', 'b'],
  itemIds: ['x', 'y', 'z'],
});

/** Knows user b and items z and x by numbers of its own, and answers with what it was asked. */
function asked(): { network: Network; questions: string[] } {
  const questions: string[] = [];
  const network: Network = {
    ...{ kind: 'rbm', version: 'v', release: () => undefined },
    userOf: (id) => ['b'].indexOf(id),
    itemOf: (id) => ['z', 'x'].indexOf(id),
    predict(user, item, { count, items, ratings }) {
      const history = Array.from({ length: count }, (_, n) => `${items[n]}:${ratings[n]}`).join(' ');
      questions.push(`${user} ${item} [${history}]`);
      return 3 + item;
    },
  };
  return { network, questions };
}

test('is asked by its own numbers, with what the user had rated until then, latest first', () => {
  const { network, questions } = asked();
  const rest = windowOf([
    [0, 0, 2],
    [0, 1, 4],
    [1, 0, 1],
  ]);
  const heldOut = windowOf([
    [0, 2, 5],
    [0, 0, 3],
    [1, 1, 2],
  ]);
  const figures = measureHeldOut(network, () => 4, rest, heldOut, 2);
  expect(questions).toEqual(['-1 0 [-1:4 1:2]', '-1 1 [0:5 -1:4]', '0 -1 [1:1]']);
  const errors = [3 - 5, 4 - 3, 2 - 2];
  expect(figures.rmse).toBeCloseTo(Math.sqrt((4 + 1 + 0) / 3), 12);
  expect(figures.mae).toBeCloseTo(errors.reduce((sum, error) => sum + Math.abs(error), 0) / 3, 12);
  expect(figures.againstRmse).toBeCloseTo(Math.sqrt((1 + 1 + 4) / 3), 12);
  expect(figures.isFinite).toBe(true);
});

test('differences are positive where the network is better, and an answer that is no number is told', () => {
  const rows = Array.from({ length: 100 }, (_, n) => [n % 2, 2, 3] as const);
  const better = measureHeldOut(asked().network, () => 4, windowOf([]), windowOf(rows), 4);
  expect(better.differences).toEqual({ blocks: 5, sum: 5, squares: 5 });
  const broken = { ...asked().network, predict: () => Number.NaN };
  expect(measureHeldOut(broken, () => 4, windowOf([]), windowOf(rows), 4).isFinite).toBe(false);
});
