import { describe, expect, it } from 'vitest';
import { efforts, type Effort } from '../../src/model/settings.ts';
import { EffortControl } from '../../src/stream/effort-control.ts';

const costs: Readonly<Record<Effort, number>> = { fast: 3, balanced: 6, full: 40 };

/**
 * The level after each second of a stream of so many ratings a second, on a machine where a rating takes so many microseconds at each
 * effort. `others`: the part of the thread that they have.
 */
function levels(begin: Effort, seconds: readonly number[], others = 0): number[] {
  const control = new EffortControl(begin);
  let [nowMs, busyMs, events, waiting, effort] = [0, 0, 0, 0, begin];
  const told: number[] = [];
  control.at(0, 0, 0, 0);
  for (const rate of seconds) {
    for (let look = 0; look < 10; look++) {
      nowMs += 100;
      // What does not fit waits, up to what the log takes.
      waiting = Math.min(100_000, waiting + rate / 10);
      const taken = Math.min(waiting, ((1 - others) * 1e5) / costs[effort]);
      waiting -= taken;
      events += taken;
      busyMs += (taken * costs[effort]) / 1000;
      effort = control.at(nowMs, busyMs, events, waiting);
    }
    told.push(efforts.indexOf(effort));
  }
  return told;
}

describe('the effort that follows the load', () => {
  it('is given back a step a second while the worker is busy, and taken up again after calm', () => {
    const flood = [...Array<number>(3).fill(1e6), ...Array<number>(13).fill(100)];
    expect(levels('full', flood)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2]);
  });

  it('does not go to and fro under a steady load, whatever it is', () => {
    for (const rate of [10, 1000, 5000, 8000, 15_000, 20_000, 50_000, 100_000, 200_000, 400_000, 1e6]) {
      const told = levels('full', Array<number>(60).fill(rate));
      const changes = told.filter((effort, second) => second > 0 && effort !== told[second - 1]).length;
      expect(changes, `${rate}/s: ${told.join('')}`).toBeLessThanOrEqual(2);
    }
  });

  it('is given back when ratings wait although the worker is not busy with them, because others have its thread', () => {
    expect(levels('full', Array<number>(5).fill(20_000), 0.5)).toEqual([2, 1, 1, 1, 1]);
    expect(levels('full', Array<number>(4).fill(40_000), 0.5)).toEqual([1, 1, 1, 1]);
  });

  it('does not mind the few that wait for their checkpoint in a slow stream', () => {
    const control = new EffortControl('full');
    for (let second = 0; second < 10; second++) expect(control.at(1000 * second, second, second, 500)).toBe('full');
  });

  it('stays what it is while nothing comes, and is not judged by less than a second', () => {
    expect(levels('full', [0, 0, 0, 0, 0, 0, 0])).toEqual([2, 2, 2, 2, 2, 2, 2]);
    const control = new EffortControl('full');
    expect(control.at(0, 0, 0, 0)).toBe('full');
    expect(control.at(900, 900, 1000, 0)).toBe('full');
    expect(control.at(1000, 1000, 1000, 0)).toBe('balanced');
  });
});
