import { describe, expect, it } from 'vitest';
import { Blend, blendCells } from '../../src/model/blend.ts';
import { plainRows } from '../../src/kernel/row-memory.ts';
import { SharedSums } from '../../src/model/shared-sums.ts';

function newBlend(): { blend: Blend; sums: SharedSums } {
  const sums = new SharedSums(blendCells, plainRows);
  return { blend: new Blend(sums, 0), sums };
}

describe('blend', () => {
  it('takes all three alike before anything is known', () => {
    expect(newBlend().blend.predict(1, 2, 6)).toBe(3);
  });

  it('weighs each by its loss to the power of minus half the count', () => {
    const { blend } = newBlend();
    // Losses 4, 1, 1 after one rating: weights 1/2, 1, 1.
    blend.learn(3, 1, 1, 2, 4);
    expect(blend.predict(0, 1, 4)).toBeCloseTo((0.5 * 0 + 1 + 4) / 2.5, 12);
    // Another: losses 4 γ + 4, γ + 1, γ + 4, count γ + 1.
    blend.learn(3, 1, 1, 2, 5);
    const [mean, bias, stack, half] = [4 * 0.999 + 4, 0.999 + 1, 0.999 + 4, 1.999 / 2];
    const [pMean, pStack] = [(bias / mean) ** half, (bias / stack) ** half];
    expect(blend.predict(0, 1, 4)).toBeCloseTo((1 + 4 * pStack) / (pMean + 1 + pStack), 12);
  });

  it('follows who is never wrong, and nobody else', () => {
    const { blend } = newBlend();
    for (let n = 0; n < 50; n++) blend.learn(3, 1, 3, 3.001, 2.999);
    expect(blend.predict(4, 1, 1)).toBe(4);
  });

  it('finds back to the stack when a stream becomes predictable', () => {
    const { blend } = newBlend();
    for (let n = 0; n < 2000; n++) blend.learn(3, 1, 3.4, 3.5, 4);
    expect(blend.predict(1, 3, 5)).toBeLessThan(1.01);
    for (let n = 0; n < 2000; n++) blend.learn(3, 1, 4, 4, 3.2);
    expect(blend.predict(1, 3, 5)).toBeGreaterThan(4.99);
  });

  it('counts a rating by its weight', () => {
    const [once, twice] = [newBlend(), newBlend()];
    once.blend.learn(3, 2, 1, 2, 4);
    twice.sums.own.set([8, 2, 2, 2]);
    expect(once.sums.own).toEqual(twice.sums.own);
  });

  it('is one blend for several tasks: the sum of their sums decides', () => {
    const [alone, shared] = [newBlend(), newBlend()];
    alone.sums.own.set([9, 4, 2, 8]);
    shared.sums.own.set([5, 3, 1, 5]);
    shared.sums.rest.set([4, 1, 1, 3]);
    expect(shared.blend.predict(1, 2, 5)).toBe(alone.blend.predict(1, 2, 5));
  });
});
