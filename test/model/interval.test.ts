import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { Interval, intervalCells, intervalStateCells } from '../../src/model/interval.ts';
import { plainRows } from '../../src/kernel/row-memory.ts';
import { SharedSums } from '../../src/model/shared-sums.ts';

function newInterval() {
  const sums = new SharedSums(intervalCells, plainRows);
  return new Interval(sums, 0, new Float64Array(intervalStateCells));
}

/** Share of errors inside, among the last half. */
function coverage(errorOf: (event: number) => number, counts: (event: number) => number = () => 10): number {
  const interval = newInterval();
  const events = 20_000;
  let inside = 0;
  for (let event = 0; event < events; event++) {
    const count = counts(event);
    const half = interval.halfWidth(count, count);
    const error = errorOf(event);
    if (event >= events / 2 && Math.abs(error) <= half) inside++;
    interval.learn(count, count, error, half);
  }
  return inside / (events / 2);
}

describe('interval', () => {
  it('begins with the width of a unit normal error', () => {
    expect(newInterval().halfWidth(0, 0)).toBeCloseTo(1.28, 12);
  });

  it.each<[string, (normal: () => number, uniform: () => number) => (event: number) => number]>([
    ['normal', (normal) => () => 0.7 * normal()],
    ['uniform', (_, uniform) => () => 2 * uniform() - 1],
    ['heavy-tailed', (normal) => () => normal() / (Math.abs(normal()) + 0.1)],
    ['growing', (normal) => (event) => (0.2 + event / 10_000) * normal()],
    ['of one size or none', (_, uniform) => () => (uniform() < 0.4 ? 1 : 0)],
  ])('covers four in five of errors that are %s', (_, make) => {
    const { normal, uniform } = seededRandom(3);
    const ratio = coverage(make(normal, uniform));
    expect(ratio).toBeGreaterThan(0.78);
    expect(ratio).toBeLessThan(0.82);
  });

  it('is wider where less is known, when errors are larger there', () => {
    const { normal } = seededRandom(4);
    const interval = newInterval();
    for (let event = 0; event < 5000; event++) {
      const count = event % 2 === 0 ? 1 : 100;
      const half = interval.halfWidth(count, count);
      interval.learn(count, count, (count === 1 ? 1.2 : 0.4) * normal(), half);
    }
    expect(interval.halfWidth(1, 1) / interval.halfWidth(100, 100)).toBeGreaterThan(2.5);
  });

  it('stays finite and positive when every error is 0, and when every rating is outside', () => {
    for (const size of [0, 4]) {
      const interval = newInterval();
      for (let event = 0; event < 5000; event++) interval.learn(5, 5, size * event, 0.1);
      expect(interval.halfWidth(5, 5)).toBeGreaterThan(0);
      expect(interval.halfWidth(5, 5)).toBeLessThan(Infinity);
    }
  });
});
