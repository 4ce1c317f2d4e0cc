import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { plainRows } from '../../src/kernel/row-memory.ts';
import { Interval, intervalCells, intervalStateCells } from '../../src/model/interval.ts';
import { clipInner } from '../../src/model/scale.ts';
import { SharedSums } from '../../src/model/shared-sums.ts';

const newSums = () => new SharedSums(intervalCells, plainRows);
const newInterval = (sums = newSums(), state = new Float64Array(intervalStateCells)) => new Interval(sums, 0, state);

interface Given {
  readonly prediction: number;
  readonly rating: number;
}

/** Share of ratings inside, and the mean width, among the last half; every interval holds its prediction and stays on the scale. */
function judge(eventOf: (event: number) => Given, events = 20_000): { covered: number; width: number } {
  const interval = newInterval();
  let inside = 0;
  let width = 0;
  for (let event = 0; event < events; event++) {
    const { prediction, rating } = eventOf(event);
    interval.around(prediction, 10, 10);
    const { low, high } = interval;
    if (!(low >= 1 && low <= prediction && prediction <= high && high <= 5))
      throw new Error(`${low} ${prediction} ${high}`);
    if (event >= events / 2) {
      width += high - low;
      if (rating >= low - 1e-6 && rating <= high + 1e-6) inside++;
    }
    interval.learn(prediction, 10, 10, rating);
  }
  return { covered: inside / (events / 2), width: width / (events / 2) };
}

const wholeStar = (value: number): number => clipInner(Math.round(value));

describe('interval', () => {
  it('begins with the width of a unit normal error', () => {
    const interval = newInterval();
    interval.around(3, 0, 0);
    expect([interval.low, interval.high]).toEqual([expect.closeTo(1.72, 12), expect.closeTo(4.28, 12)]);
  });

  it.each<[string, (normal: () => number, uniform: () => number) => (event: number) => number]>([
    ['normal', (normal) => () => 0.7 * normal()],
    ['uniform', (_, uniform) => () => 2 * uniform() - 1],
    ['heavy-tailed', (normal) => () => normal() / (Math.abs(normal()) + 0.1)],
    ['growing', (normal) => (event) => (0.2 + event / 10_000) * normal()],
    ['of one size or none', (_, uniform) => () => (uniform() < 0.4 ? 1 : 0)],
  ])('covers four in five of ratings, whole stars or any number, when errors are %s', (_, make) => {
    for (const asRated of [wholeStar, clipInner]) {
      const { normal, uniform } = seededRandom(3);
      const errorOf = make(normal, uniform);
      const { covered } = judge((event) => {
        const prediction = 1.5 + 3 * uniform();
        return { prediction, rating: asRated(prediction + errorOf(event)) };
      });
      expect(covered).toBeGreaterThan(0.78);
      expect(covered).toBeLessThan(0.82);
    }
  });

  it('is about as narrow as the best one around normal errors of any size', () => {
    const { normal, uniform } = seededRandom(5);
    const { width } = judge(() => {
      const prediction = 2.5 + uniform();
      return { prediction, rating: clipInner(prediction + 0.4 * normal()) };
    });
    expect(width).toBeLessThan(1.06 * 2 * 1.2816 * 0.4);
  });

  it('ends at ratings that people give, or at the prediction', () => {
    const { normal, uniform } = seededRandom(6);
    const interval = newInterval();
    for (let event = 0; event < 5000; event++) {
      const prediction = 2 + 2 * uniform();
      interval.around(prediction, 10, 10);
      interval.learn(prediction, 10, 10, wholeStar(prediction + 0.5 * normal()));
    }
    for (const prediction of [2.1, 2.5, 2.9, 3.1, 3.5, 3.9]) {
      interval.around(prediction, 10, 10);
      for (const end of [interval.low, interval.high])
        if (end !== prediction) expect(end).toBeCloseTo(Math.round(end), 9);
    }
  });

  it('prefers the ratings that are given often', () => {
    const { normal, uniform } = seededRandom(7);
    const interval = newInterval();
    for (let event = 0; event < 5000; event++) {
      const prediction = 2 + 2 * uniform();
      const exact = prediction + 0.7 * normal();
      interval.around(prediction, 10, 10);
      interval.learn(prediction, 10, 10, uniform() < 0.9 ? wholeStar(exact) : clipInner(Math.round(2 * exact) / 2));
    }
    for (const prediction of [3.1, 3.5, 3.9]) {
      interval.around(prediction, 10, 10);
      expect([interval.low % 1, interval.high % 1].map((part) => Math.min(part, 1 - part))).toEqual([
        expect.closeTo(0, 9),
        expect.closeTo(0, 9),
      ]);
    }
  });

  it('is wider where less is known, when errors are larger there', () => {
    const { normal, uniform } = seededRandom(4);
    const interval = newInterval();
    for (let event = 0; event < 5000; event++) {
      const count = event % 2 === 0 ? 1 : 100;
      const prediction = 2.5 + uniform();
      interval.around(prediction, count, count);
      interval.learn(prediction, count, count, clipInner(prediction + (count === 1 ? 0.9 : 0.3) * normal()));
    }
    const widthAt = (count: number): number => {
      interval.around(3, count, count);
      return interval.high - interval.low;
    };
    expect(widthAt(1) / widthAt(100)).toBeGreaterThan(1.7);
  });

  it('is made of the sums as they are: learned, stored, shared or put back', () => {
    const { uniform } = seededRandom(5);
    const sums = newSums();
    const state = new Float64Array(intervalStateCells);
    const interval = newInterval(sums, state);
    const learn = (least: number, events = 60) => {
      for (let event = 0; event < events; event++) {
        interval.around(3, 10, 10);
        interval.learn(3, 10, 10, wholeStar(least + uniform() * (5 - least)));
      }
    };
    const isAsAnew = (prediction: number) => {
      const anew = newInterval(sums, state);
      for (const one of [interval, anew]) one.around(prediction, 10, 10);
      expect([interval.low, interval.high]).toEqual([anew.low, anew.high]);
      return [interval.low, interval.high];
    };
    learn(4);
    const known = isAsAnew(2);
    sums.touch();
    const [zBefore] = state;
    learn(1, 300);
    expect(isAsAnew(2)).not.toEqual(known);
    sums.rollBack();
    state[0] = zBefore!;
    expect(isAsAnew(2)).toEqual(known);
    const others = newSums();
    const other = newInterval(others);
    for (let event = 0; event < 200; event++) other.learn(1.5, 10, 10, 1 + (event % 2) / 2);
    sums.emptyRest().set(others.own);
    expect(isAsAnew(2)).not.toEqual(known);
    sums.load(others.own);
    isAsAnew(2);
    sums.emptyRest();
    expect(isAsAnew(1.5)[1]).toBe(1.5);
  });

  it('stays finite when every rating is foretold, is the same, and is outside', () => {
    for (const [prediction, rating] of [
      [3, 3],
      [1, 5],
      [4.2, 4],
    ] as const) {
      const { width } = judge(() => ({ prediction, rating }), 5000);
      expect(width).toBeGreaterThanOrEqual(0);
      expect(width).toBeLessThanOrEqual(4);
    }
  });
});
