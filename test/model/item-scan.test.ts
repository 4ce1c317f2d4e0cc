import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import { ItemScan, type Scored } from '../../src/model/item-scan.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { Learner } from '../../src/model/learner.ts';
import { itemField } from '../../src/model/row-layout.ts';
import { smallSettings } from '../contracts/learner-harness.ts';

const { k, itemDamping } = smallSettings;

/** Every item scored from its row as it is read, in float64. */
function naive(items: ItemTable, user: Float32Array | undefined): Scored[] {
  const row = new Float32Array(items.cells);
  return Array.from({ length: items.rowLimit }, (_, number) => number)
    .filter((number) => items.has(number))
    .map((number) => {
      items.read(number, row);
      let score = row[k + itemField.residualSum]! / (row[k + itemField.weightSum]! + itemDamping);
      for (let f = 0; f < k; f++) score += (user?.[f] ?? 0) * row[f]!;
      return { row: number, score };
    })
    .sort((a, b) => b.score - a.score || a.row - b.row);
}

const operations = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('rate' as const),
        task: fc.nat(1),
        user: fc.nat(5),
        item: fc.nat(40),
        rating: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const), user: fc.nat(5), count: fc.nat(12) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('settle' as const, 'rollBack' as const, 'evict' as const, 'move' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign' as const), item: fc.nat(40) }) },
  ),
  { maxLength: 150, size: 'max' },
);

describe.each(['plain', 'simd'] as const)('the best of all items: %s kernel', (choice) => {
  const kernel = createKernel(choice);

  it('is what ranking every item finds, whatever happened to the items between two questions', () => {
    fc.assert(
      fc.property(operations, (list) => {
        const items = new ItemTable(smallSettings, kernel);
        const tasks = [new Learner(smallSettings, items), new Learner(smallSettings, items)];
        const scan = new ItemScan(items, itemDamping);
        let seconds = 0;
        const check = (user: Float32Array | undefined, count: number): void => {
          const expected = naive(items, user);
          const found = scan.best(user, count);
          expect(found).toHaveLength(Math.min(count, expected.length));
          const exact = new Map(expected.map(({ row, score }) => [row, score]));
          expect(new Set(found.map(({ row }) => row)).size).toBe(found.length);
          found.forEach(({ row, score }, rank) => {
            expect(Math.abs(score - exact.get(row)!)).toBeLessThan(1e-5);
            expect(Math.abs(score - expected[rank]!.score)).toBeLessThan(1e-5);
          });
        };
        for (const step of list) {
          const [first] = tasks;
          if (step.kind === 'rate') {
            tasks[step.task]!.learnOne(`u${step.user}`, `i${step.item}`, step.rating, ++seconds, 1);
          } else if (step.kind === 'ask') {
            const row = first!.users.find(`u${step.user}`);
            check(row < 0 ? undefined : first!.users.values(row), step.count);
          } else if (step.kind === 'foreign') {
            const row = items.ensure(`i${step.item}`);
            items.addForeign(row, new Float32Array(items.cells).fill(0.1), 1);
          } else if (step.kind === 'evict') {
            for (const task of tasks) task.settle();
            items.evictDownTo(3);
          } else if (step.kind === 'move') {
            for (const task of tasks) task.settle();
            tasks[1]!.close();
            check(undefined, 50);
            tasks[1] = new Learner(smallSettings, items);
          } else for (const task of tasks) task[step.kind]();
        }
        check(undefined, 5);
        for (const task of tasks) task.close();
        items.release();
      }),
    );
  });

  it('finds the same over several pieces of the copy', () => {
    const items = new ItemTable(smallSettings, kernel);
    for (let item = 0; item < 3000; item++) items.ensure(`i${item}`);
    const user = Float32Array.from({ length: k }, (_, f) => f - 2);
    const scan = new ItemScan(items, itemDamping);
    expect(scan.best(user, 25).map(({ row }) => row)).toEqual(
      naive(items, user)
        .slice(0, 25)
        .map(({ row }) => row),
    );
    expect(scan.best(user, 5000)).toHaveLength(3000);
  });

  it('lets several scans go on in turns, items coming and changing in between', () => {
    const items = new ItemTable(smallSettings, kernel);
    for (let item = 0; item < 3000; item++) items.ensure(`i${item}`);
    const scan = new ItemScan(items, itemDamping);
    const users = [-1, 1].map((sign) => Float32Array.from({ length: k }, (_, f) => sign * (f - 2)));
    const [first, second] = [scan.begin(7), scan.begin(9)];
    let [isFirstDone, isSecondDone] = [false, false];
    for (let turn = 0; !isFirstDone || !isSecondDone; turn++) {
      if (!isFirstDone) isFirstDone = !first.step(users[0]);
      if (turn === 0) items.addForeign(2999, new Float32Array(items.cells).fill(2), 1);
      if (!isSecondDone) isSecondDone = !second.step(users[1]);
    }
    const rowsOf = (found: readonly Scored[]) => found.map(({ row }) => row);
    expect(rowsOf(first.best())).toEqual(rowsOf(naive(items, users[0]).slice(0, 7)));
    expect(rowsOf(second.best())).toEqual(rowsOf(naive(items, users[1]).slice(0, 9)));
    items.ensure('another');
    expect(scan.best(users[0], 5000)).toHaveLength(3001);
  });
});
