import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { ItemTable } from '../../src/model/item-table.ts';

const settings = { k: 4, seed: 1, initialDeviation: 0.2, sketchWidth: 0 };
const cells = settings.k + 2;

function rowOf(table: ItemTable, id: string): number[] {
  const out = new Float32Array(cells);
  table.read(table.find(id), out);
  return [...out];
}

const cell = fc.float({ min: -4, max: 4, noNaN: true });
const id = fc.integer({ min: 0, max: 4 }).map((n) => `i${n}`);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('contribute' as const),
        task: fc.nat(1),
        id,
        cell: fc.nat(cells - 1),
        value: cell,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'rollBack' as const), task: fc.nat(1) }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

describe('item table', () => {
  it('answers the initial value plus all contributions, through any settles and undos of each task', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = new ItemTable(settings, createPlainKernel());
        const tasks = [table.openContribution(), table.openContribution()];
        const initial = new Map<string, number[]>();
        type Shares = Map<string, number[]>;
        const copy = (shares: Shares): Shares => new Map([...shares].map(([key, values]) => [key, [...values]]));
        const now: Shares[] = [new Map(), new Map()];
        const settled: Shares[] = [new Map(), new Map()];
        for (const step of list) {
          const task = tasks[step.task]!;
          if (step.kind === 'contribute') {
            const row = table.ensure(step.id);
            if (!initial.has(step.id)) initial.set(step.id, rowOf(table, step.id));
            task.touch(row)[task.at(row) + step.cell] = step.value;
            const share = now[step.task]!.get(step.id) ?? Array<number>(cells).fill(0);
            share[step.cell] = step.value;
            now[step.task]!.set(step.id, share);
          } else if (step.kind === 'settle') {
            task.settle();
            settled[step.task] = copy(now[step.task]!);
          } else {
            task.rollBack();
            now[step.task] = copy(settled[step.task]!);
          }
        }
        for (const [known, start] of initial) {
          const due = start.map((value, at) =>
            now.reduce((sum, shares) => Math.fround(sum + (shares.get(known)?.[at] ?? 0)), value),
          );
          expect(rowOf(table, known)).toEqual(due);
        }
      }),
    );
  });

  it('starts every item from values that depend on its id and the seed only', () => {
    const [one, other, seeded] = [
      new ItemTable(settings, createPlainKernel()),
      new ItemTable(settings, createPlainKernel()),
      new ItemTable({ ...settings, seed: 2 }, createPlainKernel()),
    ];
    one.ensure('a');
    for (const item of ['c', 'b', 'a']) other.ensure(item);
    seeded.ensure('a');
    expect(rowOf(other, 'a')).toEqual(rowOf(one, 'a'));
    expect(rowOf(seeded, 'a')).not.toEqual(rowOf(one, 'a'));
    expect(rowOf(other, 'b')).not.toEqual(rowOf(other, 'a'));
    expect(rowOf(one, 'a').slice(settings.k)).toEqual([0, 0]);
  });

  it('adds what other workers contributed, and starts anew when nobody contributes any more', () => {
    const table = new ItemTable(settings, createPlainKernel());
    const row = table.ensure('a');
    const initial = rowOf(table, 'a');
    const own = table.openContribution();
    own.touch(row)[own.at(row) + 4] = 2;
    table.addForeign(row, Float32Array.of(1, 1, 1, 1, 1, 3), 1);
    expect(rowOf(table, 'a').slice(4)).toEqual([3, 3]);
    table.addForeign(row, Float32Array.of(0, 0, 0, 0, 1, 2), -1);
    expect(rowOf(table, 'a').slice(4)).toEqual([2, 1]);
    table.dropForeign();
    expect(rowOf(table, 'a')).toEqual([...initial.slice(0, 4), 2, 0]);
  });

  it('tells the after-image and the change of each row a batch touched', () => {
    const table = new ItemTable(settings, createPlainKernel());
    const own = table.openContribution();
    const row = table.ensure('a');
    const told = () =>
      [...own.touchedRows()].map((t) => ({ ...t, afterImage: [...t.afterImage], delta: [...t.delta] }));
    own.touch(row)[own.at(row)] = 1.5;
    expect(told()).toEqual([{ row, afterImage: [1.5, 0, 0, 0, 0, 0], delta: [1.5, 0, 0, 0, 0, 0], sketched: false }]);
    own.settle();
    expect(told()).toEqual([]);
    own.touch(row)[own.at(row)] = 2;
    expect(told()).toEqual([{ row, afterImage: [2, 0, 0, 0, 0, 0], delta: [0.5, 0, 0, 0, 0, 0], sketched: false }]);
    own.touchSketch(row);
    expect(told()).toMatchObject([{ row, sketched: true }]);
    own.rollBack();
    own.touch(row);
    expect(told()).toMatchObject([{ row, sketched: false }]);
  });

  it('leaves a closed contribution out, and takes it in again when it is attached', () => {
    const table = new ItemTable(settings, createPlainKernel());
    const own = table.openContribution();
    const row = table.ensure('a');
    const initial = rowOf(table, 'a');
    own.touch(row)[own.at(row) + 5] = 7;
    table.closeContribution(own);
    expect(rowOf(table, 'a')).toEqual(initial);
    table.attach(own);
    table.attach(own);
    expect(rowOf(table, 'a')[5]).toBe(7);
  });

  describe('eviction', () => {
    it('drops what nobody refers to or changed in the batch, and zeroes its contributions', () => {
      const table = new ItemTable(settings, createPlainKernel());
      const own = table.openContribution();
      for (const item of ['pinned', 'changing', 'idle', 'gone']) table.ensure(item);
      table.pin(table.find('pinned'), 1);
      own.touch(table.find('idle'))[own.at(table.find('idle')) + 5] = 3;
      own.settle();
      own.touch(table.find('changing'));
      table.evictDownTo(0);
      expect(['pinned', 'changing', 'idle', 'gone'].map((item) => table.find(item) >= 0)).toEqual([
        true,
        true,
        false,
        false,
      ]);
      expect([table.size, table.evictedCount]).toEqual([2, 2]);
      // Freed rows are used again, without what was there.
      table.ensure('idle');
      expect(rowOf(table, 'idle').slice(4)).toEqual([0, 0]);
    });

    it('stops at the limit', () => {
      const table = new ItemTable(settings, createPlainKernel());
      for (let n = 0; n < 50; n++) table.ensure(`i${n}`);
      table.evictDownTo(20);
      expect(table.size).toBe(20);
    });

    it('fetches what is stored before anybody reads the new row, and only once something may be missing', () => {
      const table = new ItemTable(settings, createPlainKernel());
      const own = table.openContribution();
      const fetched: string[] = [];
      table.reloadWith((item, row) => {
        fetched.push(item);
        own.loadNumbers(row, Float32Array.of(0, 0, 0, 0, 0, 4));
      });
      table.ensure('a');
      expect(fetched).toEqual([]);
      table.evictDownTo(0);
      table.ensure('a');
      table.ensure('a');
      expect(fetched).toEqual(['a']);
      expect(rowOf(table, 'a')[5]).toBe(4);
      own.rollBack();
      expect(rowOf(table, 'a')[5]).toBe(4);
    });
  });
});
