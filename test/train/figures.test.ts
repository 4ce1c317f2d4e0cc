import { describe, expect, it } from 'vitest';
import { errorsOf, figuresOf } from '../../src/train/figures.ts';
import type { RatingsWindow } from '../../src/train/window.ts';

const windowOf = (users: readonly number[], ratings: readonly number[]): RatingsWindow => ({
  users: Int32Array.from(users),
  items: Int32Array.from(users.keys()),
  ratings: Float32Array.from(ratings),
  seconds: new Uint32Array(users.length),
  userIds: ['a', 'b'],
  itemIds: users.map((_, n) => `i${n}`),
});
const stars = { lo: 1, hi: 5 };

describe('figures', () => {
  it('are in the scale of the user, of answers clipped to it', () => {
    const window = windowOf([0, 0, 1], [1, 5, 3]);
    const answers = Float64Array.of(-9, 4, 5);
    expect(errorsOf(answers, window, stars)).toEqual({ rmse: Math.sqrt(5 / 3), mae: 1 });
    expect(errorsOf(answers, window, { lo: 0, hi: 100 })).toEqual({ rmse: 25 * Math.sqrt(5 / 3), mae: 25 });
  });

  it('have the share of good ratings among the ten that are put first, by user', () => {
    // a: 12 ratings, the last two are good and are put first and last; b: one, and good.
    const ratings = [...Array.from({ length: 10 }, () => 2), 4, 5, 4];
    const window = windowOf([...Array.from({ length: 12 }, () => 0), 1], ratings);
    const answers = Float64Array.from(ratings, (_, n) => (n === 10 ? 5 : n === 11 ? 1 : 3));
    expect(figuresOf(answers, window, stars).precisionAt10).toBeCloseTo((1 / 10 + 1) / 2, 12);
  });

  it('have 1 for the best order, less for another, worked by hand', () => {
    const window = windowOf([0, 0, 0], [5, 3, 1]);
    expect(figuresOf(Float64Array.of(3, 2, 1), window, stars).ndcgAt10).toBe(1);
    const [best, worst] = [4 + 2 / Math.log2(3), 2 / Math.log2(3) + 4 / 2];
    expect(figuresOf(Float64Array.of(1, 2, 3), window, stars).ndcgAt10).toBeCloseTo(worst / best, 12);
  });

  it('count a user whose ratings are all the lowest as put in the best order', () => {
    expect(figuresOf(Float64Array.of(1, 2), windowOf([0, 0], [1, 1]), stars).ndcgAt10).toBe(1);
  });
});
