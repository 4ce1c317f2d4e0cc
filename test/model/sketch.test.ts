/** Sums of signs against exact sets of raters. */
import { describe, expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { itemField } from '../../src/model/row-layout.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { Sketches } from '../../src/model/sketch.ts';

function setUp(sketchWidth = 256) {
  const settings = { ...defaultSettings, k: 8, sketchWidth };
  const items = new ItemTable(settings, createKernel('plain'));
  const own = items.openContribution();
  const sketches = new Sketches(settings, items.kernel, own);
  const { memory } = items.kernel;
  const [spare, found, rows] = [memory.allocate(items.cells), memory.allocate(2), memory.allocate(1)];
  const commonRaters = (a: number, b: number): number => {
    items.sketchTo(a, spare.address);
    found.floats.fill(0);
    const sketch = spare.address + items.sketchAt;
    items.sketchDots(sketch, Int32Array.of(b), 1, itemField.raterCount, rows, found.address, found.address + 1);
    expect(found.floats[1]).toBe(items.fieldOf(b, itemField.raterCount));
    return found.floats[0]! / sketchWidth;
  };
  return { items, own, sketches, commonRaters };
}

describe('sketches of items', () => {
  it('tell exactly who rated one item of one rater', () => {
    const { items, sketches, commonRaters } = setUp();
    const row = items.ensure('dune');
    sketches.add(row, 'ada', 1);
    expect(commonRaters(row, row)).toBe(1);
  });

  it('estimate how many raters two items share, within four standard deviations', () => {
    const { items, sketches, commonRaters } = setUp();
    const [a, b] = [items.ensure('a'), items.ensure('b')];
    for (let user = 0; user < 400; user++) sketches.add(a, `u${user}`, 1);
    for (let user = 300; user < 700; user++) sketches.add(b, `u${user}`, 1);
    const deviation = Math.sqrt((400 * 400) / 256);
    expect(Math.abs(commonRaters(a, b) - 100)).toBeLessThan(4 * deviation);
    expect(items.fieldOf(a, itemField.raterCount)).toBe(400);
  });

  it('are taken back exactly', () => {
    const { items, own, sketches, commonRaters } = setUp();
    const row = items.ensure('dune');
    for (const user of ['ada', 'bob', 'eve']) sketches.add(row, user, 1);
    for (const user of ['bob', 'ada', 'eve']) sketches.add(row, user, -1);
    expect(commonRaters(row, row)).toBe(0);
    own.forEach(() => expect.unreachable('something is left'));
  });

  it('of two tasks and of tasks elsewhere add up', () => {
    const { items, own, sketches, commonRaters } = setUp();
    const settings = { ...defaultSettings, k: 8, sketchWidth: 256 };
    const other = items.openContribution();
    const others = new Sketches(settings, items.kernel, other);
    const row = items.ensure('dune');
    sketches.add(row, 'ada', 1);
    others.add(row, 'bob', 1);
    const alone = setUp();
    const same = alone.items.ensure('dune');
    for (const user of ['ada', 'bob']) alone.sketches.add(same, user, 1);
    expect(commonRaters(row, row)).toBe(alone.commonRaters(same, same));
    // What a task elsewhere committed takes the place of the same in a task here.
    const [committed] = Array.from(own.touchedRows(), ({ delta }) => delta.slice());
    items.closeContribution(own);
    items.addForeign(row, committed!, 1);
    expect(commonRaters(row, row)).toBe(alone.commonRaters(same, same));
    items.addForeign(row, committed!, -1);
    expect(commonRaters(row, row)).toBe(1);
  });
});
