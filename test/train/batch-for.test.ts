import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchFor } from '../../src/train/fit-hyper.ts';

it('a batch grows with the ratings, between the fewest and the most, and leaves an epoch its steps', () => {
  const count = fc.integer({ min: 1, max: 2_000_000 });
  fc.assert(
    fc.property(count, count, (a, b) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)].map((ratings) => batchFor(ratings, 1024, 64, 64));
      expect(small).toBeLessThanOrEqual(large!);
      expect(small).toBeGreaterThanOrEqual(64);
      expect(large).toBeLessThanOrEqual(1024);
      expect(a / batchFor(a, 1024, 64, 64)).toBeGreaterThanOrEqual(Math.min(64, a / 64));
    }),
  );
  expect(batchFor(65_536, 1024, 64, 64)).toBe(1024);
});
