import fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptySlot } from '../../src/model/history.ts';
import type { Learner } from '../../src/model/learner.ts';
import { itemField, userField } from '../../src/model/row-layout.ts';
import { itemIdOf, ownOperations, play, smallSettings, stateOf, type Operation } from './learner-harness.ts';
import type { Make } from './learner.contract.ts';

const { k } = smallSettings;
/** No ring wraps: every rating stays remembered until it is withdrawn. */
const longHistory = { ...smallSettings, historyLimit: 64 };

const rate = (user: number, item: number, rating: number, weight = 1): Operation => {
  return { kind: 'rate', user, item, rating, weight, pause: 30 };
};

/** Sums and counts, each as it is and as the remembered ratings say that it should be. */
function books(learner: Learner): { kept: number[]; due: number[] } {
  const kept: number[] = [];
  const due: number[] = [];
  const meanDue = [0, 0];
  const itemsDue = new Map<number, [residual: number, weight: number]>();
  learner.users.forEach((_, row) => {
    const userDue = [0, 0];
    learner.forEachRemembered(row, ({ itemRow, rating, weight, userResidual, itemResidual }) => {
      userDue[0]! += weight * userResidual;
      userDue[1]! += weight;
      meanDue[0]! += weight * rating;
      meanDue[1]! += weight;
      const [residualSum, weightSum] = itemsDue.get(itemRow) ?? [0, 0];
      itemsDue.set(itemRow, [residualSum + weight * itemResidual, weightSum + weight]);
    });
    const fields = learner.users.values(row).subarray(k);
    kept.push(fields[userField.longSum]!, fields[userField.longCount]!);
    due.push(...userDue);
  });
  learner.own.forEach((row, values) => {
    kept.push(values[k + itemField.residualSum]!, values[k + itemField.weightSum]!);
    due.push(...(itemsDue.get(row) ?? [0, 0]));
  });
  kept.push(learner.sums.own[0]!, learner.sums.own[1]!);
  due.push(...meanDue);
  return { kept, due };
}

export function withdrawalLaws(make: Make): void {
  it('keeps sums and counts of exactly the ratings that are remembered, after any ratings, changes and withdrawals', () => {
    fc.assert(
      fc.property(ownOperations(), (list) => {
        const learner = make(longHistory);
        play(learner, list);
        const { kept, due } = books(learner);
        // Float32 sums of quantized residuals with these weights are exact; the float64 sums of the mean round.
        kept.forEach((value, i) => expect(Math.abs(value - due[i]!)).toBeLessThan(1e-9));
      }),
      { numRuns: 200 },
    );
  });

  it('leaves sums, counts and history as if the rating had never been', () => {
    const learner = make(longHistory);
    play(learner, [rate(0, 0, 4), rate(0, 1, 2), rate(1, 0, 5)]);
    const before = stateOf(learner);
    const booksBefore = books(learner).kept;
    play(learner, [rate(0, 2, 1)]);
    expect(stateOf(learner)).not.toEqual(before);
    expect(learner.withdraw('u0', 'i2')).toBe(true);
    const withoutItsRow = books(learner).kept;
    // The withdrawn item's own row is now one of zeros among the others'.
    expect(withoutItsRow.filter((_, i) => i !== 8 && i !== 9).map((value) => value.toFixed(12))).toEqual(
      booksBefore.map((value) => value.toFixed(12)),
    );
    const item = new Float32Array(learner.items.cells);
    learner.items.read(learner.items.find('i2'), item);
    expect([item[k + itemField.residualSum], item[k + itemField.weightSum]]).toEqual([0, 0]);
    expect(learner.predictOne(learner.users.find('u0'), learner.items.find('i2'), 1_000_100).coldItem).toBe(true);
  });

  it('makes a user cold again whose only rating is withdrawn', () => {
    const learner = make();
    play(learner, [rate(0, 0, 5)]);
    learner.withdraw('u0', 'i0');
    const fields = [...learner.users.values(learner.users.find('u0')).subarray(k, k + userField.recentCount + 1)];
    expect(fields).toEqual([0, 0, 0, 0]);
    expect(learner.predictOne(learner.users.find('u0'), learner.items.find('i0'), 0).coldUser).toBe(true);
  });

  it('takes the rating out of the recent level by what is left of it', () => {
    const learner = make(longHistory);
    play(learner, [rate(0, 0, 5), rate(0, 1, 5), rate(0, 2, 5)]);
    const decay = longHistory.recentDecayRatio;
    const residuals: number[] = [];
    learner.forEachRemembered(learner.users.find('u0'), ({ userResidual }) => residuals.push(userResidual));
    learner.withdraw('u0', 'i0');
    const fields = learner.users.values(learner.users.find('u0')).subarray(k);
    expect(fields[userField.recentCount]).toBeCloseTo(1 + decay, 6);
    expect(fields[userField.recentSum]).toBeCloseTo(residuals[0]! + decay * residuals[1]!, 6);
  });

  it('answers false for what is not remembered, and changes nothing', () => {
    const learner = make();
    play(learner, [rate(0, 0, 4)]);
    learner.settle();
    const before = stateOf(learner);
    expect([learner.withdraw('u0', 'i9'), learner.withdraw('u9', 'i0'), learner.forget('u9')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(stateOf(learner)).toEqual(before);
    expect([learner.users.size, learner.items.size]).toEqual([1, 1]);
  });

  it('replaces a former rating of the pair', () => {
    const learner = make();
    play(learner, [rate(0, 0, 1), rate(0, 1, 3), rate(0, 0, 5)]);
    const remembered: [string, number][] = [];
    learner.forEachRemembered(learner.users.find('u0'), ({ itemRow, rating }) =>
      remembered.push([learner.items.idOf(itemRow), Math.round(rating)]),
    );
    expect(remembered).toEqual([
      ['i0', 5],
      ['i1', 3],
    ]);
    expect(learner.sums.own[1]).toBe(2);
  });

  it('remembers the latest ratings only, and counts on what it cannot take out', () => {
    const learner = make();
    const { limit } = learner.users.history;
    play(
      learner,
      Array.from({ length: limit + 3 }, (_, item) => rate(0, item, 4)),
    );
    const remembered: string[] = [];
    learner.forEachRemembered(learner.users.find('u0'), ({ itemRow }) => remembered.push(learner.items.idOf(itemRow)));
    expect(remembered).toEqual(Array.from({ length: limit }, (_, n) => itemIdOf(limit + 2 - n)));
    expect(learner.withdraw('u0', 'i0')).toBe(false);
    expect(learner.sums.own[1]).toBe(limit + 3);
  });

  it('forgets a user whole: ratings out of items and mean, row and history gone', () => {
    const learner = make(longHistory);
    play(learner, [rate(1, 0, 2), rate(0, 0, 5), rate(0, 1, 4), { kind: 'forget', user: 0 }]);
    expect(learner.users.find('u0')).toBe(-1);
    const { kept, due } = books(learner);
    kept.forEach((value, i) => expect(value).toBeCloseTo(due[i]!, 12));
    expect(learner.sums.own[1]).toBe(1);
  });

  it('counts a rating by its weight', () => {
    const learner = make();
    play(learner, [rate(0, 0, 5, 3), rate(1, 0, 1, 1)]);
    const [userRow, itemRow] = [learner.users.find('u0'), learner.items.find('i0')];
    // ȳ = (middle + Σ w y) / (1 + Σ w) = (3 + 15 + 1) / 5
    expect(learner.predictOne(userRow, itemRow, 1_000_100).mean).toBeCloseTo(3.8, 4);
    const fields = learner.users.values(userRow).subarray(k);
    expect(fields[userField.longCount]).toBe(3);
    const item = new Float32Array(learner.items.cells);
    learner.items.read(itemRow, item);
    expect(item[k + itemField.weightSum]).toBe(4);
    const slot = emptySlot();
    learner.users.history.read(learner.users.head(userRow), 0, slot);
    expect(slot.weight).toBe(3);
    expect(fields[userField.longSum]).toBeCloseTo(3 * slot.userResidual, 6);
  });
}
