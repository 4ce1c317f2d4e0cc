import { it, expect } from 'vitest';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { expertNames } from '../../src/model/answer.ts';
import type { Learner } from '../../src/model/learner.ts';
import { clipInner } from '../../src/model/scale.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import type { Make } from './learner.contract.ts';

type Pair = readonly [user: number, item: number];

/** RMSE of each expert over consecutive parts of a stream of pairs chosen at random. */
function partErrors(
  learner: Learner,
  events: number,
  parts: number,
  size: Pair,
  truth: (pair: Pair) => number,
  noise: number,
) {
  const { uniform, normal } = seededRandom(11);
  const errors = Array.from({ length: parts }, () => expertNames.map(() => 0));
  for (let event = 0; event < events; event++) {
    const pair: Pair = [Math.floor(uniform() * size[0]), Math.floor(uniform() * size[1])];
    const [userId, itemId] = [`u${pair[0]}`, `i${pair[1]}`];
    const rating = clipInner(truth(pair) + noise * normal());
    const { experts } = learner.predictOne(learner.users.find(userId), learner.items.find(itemId), event * 60);
    const sums = errors[Math.floor((event * parts) / events)]!;
    experts.forEach((answer, i) => (sums[i]! += (answer - rating) ** 2 / (events / parts)));
    learner.learnOne(userId, itemId, rating, event * 60, 1);
    if (event % 100 === 0) learner.settle();
  }
  const named = (sums: number[]) => Object.fromEntries(expertNames.map((name, i) => [name, Math.sqrt(sums[i]!)]));
  return errors.map(named) as Record<(typeof expertNames)[number], number>[];
}

export function accuracyLaws(make: Make): void {
  it('learns a checkerboard, where biases know nothing, down to its noise', () => {
    const noise = 0.4;
    const isLiked = ([user, item]: Pair) => (user + item) % 2 === 0;
    const size: Pair = [100, 100];
    const parts = partErrors(make(defaultSettings), 30_000, 6, size, (pair) => (isLiked(pair) ? 4 : 2), noise);
    const factors = parts.map((part) => part.factors);
    expect(factors).toEqual([...factors].sort((a, b) => b - a));
    expect(parts.at(-1)!.bias).toBeGreaterThan(1);
    expect(parts.at(-1)!.factors).toBeLessThan(1.15 * noise);
    expect(parts.at(-1)!.blend).toBeLessThan(1.05 * noise);
  });

  it('learns biases, where there is nothing else, down to the noise', () => {
    const noise = 0.5;
    const { normal } = seededRandom(5);
    const [users, items] = [100, 100].map((count) => Array.from({ length: count }, () => 0.4 * normal()));
    const truth = ([user, item]: Pair) => 3 + users![user]! + items![item]!;
    const parts = partErrors(make(defaultSettings), 30_000, 6, [100, 100], truth, noise);
    expect(parts.at(-1)!.mean).toBeGreaterThan(1.3 * noise);
    expect(parts.at(-1)!.bias).toBeLessThan(1.03 * noise);
    expect(parts.at(-1)!.blend).toBeLessThan(1.02 * noise);
  });
}
