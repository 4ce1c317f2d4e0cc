/** What docs/online-learner.md says of ratings that are changed or withdrawn, inside the remembered history and beyond it. */
import { describe, expect, it } from 'vitest';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { Learner } from '../../src/model/learner.ts';
import { itemField } from '../../src/model/row-layout.ts';
import { defaultSettings } from '../../src/model/settings.ts';

const { k, historyLimit } = defaultSettings;

/** Ada has rated "dune" with 5, and then so many others. */
function afterOthers(count: number) {
  const items = new ItemTable(defaultSettings, createPlainKernel());
  const learner = new Learner(defaultSettings, items);
  let seconds = 1_700_000_000;
  const rate = (itemId: string, rating: number): void => learner.learnOne('ada', itemId, rating, seconds++, 1);
  rate('dune', 5);
  for (let i = 0; i < count; i++) rate(`other ${i}`, 1 + (i % 5));
  const row = new Float32Array(items.cells);
  const dune = () => {
    items.read(items.find('dune'), row);
    return { ratings: row[k + itemField.weightSum], factors: [...row.subarray(0, k)] };
  };
  return { learner, rate, dune };
}

describe.each([
  ['the last that is remembered', historyLimit - 1, true],
  ['the first that is not', historyLimit, false],
])('a rating, %s', (_, others, isRemembered) => {
  it('that changes counts once, or twice', () => {
    const { rate, dune } = afterOthers(others);
    rate('dune', 1);
    expect(dune().ratings).toBe(isRemembered ? 1 : 2);
  });

  it('that is withdrawn is gone from the sums, or nothing happens; the factors keep what it taught', () => {
    const { learner, dune } = afterOthers(others);
    const before = dune();
    expect(before.ratings).toBe(1);
    expect(learner.withdraw('ada', 'dune')).toBe(isRemembered);
    expect(dune()).toEqual({ ratings: isRemembered ? 0 : 1, factors: before.factors });
  });

  it('is left out of recommendations, or may come again', () => {
    const { learner } = afterOthers(others);
    const remembered = new Set<string>();
    learner.forEachRemembered(learner.users.find('ada'), ({ itemRow }) => remembered.add(learner.items.idOf(itemRow)));
    expect(remembered.has('dune')).toBe(isRemembered);
    expect(remembered.size).toBe(historyLimit);
  });

  it('of a user who is forgotten leaves the sums, or stays in them', () => {
    const { learner, dune } = afterOthers(others);
    const before = dune();
    expect(learner.forget('ada')).toBe(true);
    expect(learner.users.find('ada')).toBe(-1);
    expect(dune()).toEqual({ ratings: isRemembered ? 0 : 1, factors: before.factors });
  });
});
