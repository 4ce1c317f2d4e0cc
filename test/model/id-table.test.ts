import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTable } from '../../src/model/id-table.ts';

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('add', 'add', 'add', 'remove', 'remove', 'settle', 'rollBack'),
    id: fc.integer({ min: 0, max: 9 }).map((n) => `id${n}`),
  }),
  { maxLength: 80, size: 'max' },
);

function tableOf(...ids: string[]): IdTable {
  const table = new IdTable();
  ids.forEach((id, row) => table.add(id, row));
  table.settle();
  return table;
}

describe('id table', () => {
  it('behaves like a map that is copied before each batch', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = new IdTable();
        let rows = new Map<string, number>();
        let settled = new Map<string, number>();
        let nextRow = 0;
        for (const { kind, id } of list) {
          const row = rows.get(id);
          if (kind === 'add' && row === undefined) {
            table.add(id, nextRow);
            rows.set(id, nextRow++);
          } else if (kind === 'remove' && row !== undefined) {
            table.remove(id, row);
            rows.delete(id);
          } else if (kind === 'settle') {
            table.settle();
            settled = new Map(rows);
          } else if (kind === 'rollBack') {
            table.rollBack();
            rows = new Map(settled);
          }
          const alive = Array.from({ length: nextRow }, (_, at) => table.has(at)).filter(Boolean).length;
          const found = [...rows].map(([known, at]) => [table.find(known), table.idOf(at)]);
          expect([table.size, alive, found, new Map(table.entries())]).toEqual([
            rows.size,
            rows.size,
            [...rows].map(([known, at]) => [at, known]),
            rows,
          ]);
        }
      }),
    );
  });

  it('answers -1 for an unknown id, and stays as it was', () => {
    const table = tableOf('a');
    expect(table.find('b')).toBe(-1);
    expect([...table.entries()]).toEqual([['a', 0]]);
  });

  it('offers first what has not been used since the hand last passed', () => {
    const table = tableOf('a', 'b', 'c', 'd');
    // Everything is new: the first turn takes the marks away, the second finds the first row.
    expect(table.victim(() => true)).toBe(0);
    table.markUsed(1);
    expect(table.victim(() => true)).toBe(2);
    table.remove('c', 2);
    expect(table.victim(() => true)).toBe(3);
    expect(table.victim(() => true)).toBe(0);
    expect(table.victim(() => true)).toBe(1);
  });

  it('offers no row that may not go, and -1 when none may', () => {
    const table = tableOf('a', 'b', 'c');
    expect(table.victim((row) => row === 1)).toBe(1);
    expect(table.victim(() => false)).toBe(-1);
    expect(new IdTable().victim(() => true)).toBe(-1);
  });

  it('marks a new row as used, also beyond the first thousand', () => {
    const table = new IdTable();
    for (let row = 0; row < 5000; row++) table.add(`id${row}`, row);
    table.settle();
    expect(table.victim(() => true)).toBe(0);
    table.add('new', 5000);
    for (let row = 1; row < 5000; row++) expect(table.victim(() => true)).toBe(row);
    expect(table.victim(() => true)).toBe(0);
    expect(table.rowLimit).toBe(5001);
  });
});
