import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/model/arena.ts';

const stride = 3;
const cellsOf = (arena: Arena, row: number): number[] => [
  ...arena.words(row).subarray(arena.at(row), arena.at(row) + stride),
];

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('allocate' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'rollBack' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        pick: fc.nat(),
        cell: fc.nat(stride - 1),
        // Any bits, those of NaN too.
        value: fc.nat(0xffffffff),
      }),
    },
  ),
  { maxLength: 120, size: 'max' },
);

describe('arena', () => {
  it('behaves like a map of rows that is copied before each batch', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const arena = new Arena(stride);
        let rows = new Map<number, number[]>();
        let settled = new Map<number, number[]>();
        const freedInBatch = new Set<number>();
        const copy = (from: Map<number, number[]>) => new Map([...from].map(([row, cells]) => [row, [...cells]]));
        const pickedOf = (pick: number) => [...rows.keys()][pick % rows.size];
        for (const step of list) {
          const picked = 'pick' in step && rows.size > 0 ? pickedOf(step.pick) : undefined;
          if (step.kind === 'allocate') {
            const row = arena.allocate();
            expect(rows.has(row) || freedInBatch.has(row)).toBe(false);
            rows.set(row, [0, 0, 0]);
          } else if (step.kind === 'free' && picked !== undefined) {
            arena.free(picked);
            rows.delete(picked);
            freedInBatch.add(picked);
          } else if (step.kind === 'write' && picked !== undefined) {
            arena.touch(picked);
            arena.words(picked)[arena.at(picked) + step.cell] = step.value;
            rows.get(picked)![step.cell] = step.value;
          } else if (step.kind === 'settle' || step.kind === 'rollBack') {
            arena[step.kind]();
            if (step.kind === 'settle') settled = copy(rows);
            else rows = copy(settled);
            freedInBatch.clear();
            expect(arena.touchedCount).toBe(0);
          }
          if (step.kind !== 'settle' && step.kind !== 'rollBack') continue;
          expect(new Map([...rows.keys()].map((row) => [row, cellsOf(arena, row)]))).toEqual(rows);
        }
        expect(new Map([...rows.keys()].map((row) => [row, cellsOf(arena, row)]))).toEqual(rows);
      }),
    );
  });

  it('uses the rows of a freed, or undone, batch again', () => {
    const arena = new Arena(stride);
    const made = () => [arena.allocate(), arena.allocate(), arena.allocate()].sort();
    const first = made();
    arena.rollBack();
    expect(made()).toEqual(first);
    arena.settle();
    for (const row of first) arena.free(row);
    expect(made()).not.toEqual(first);
    arena.rollBack();
    for (const row of first) arena.free(row);
    arena.settle();
    expect([...made(), ...made()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('has rows side by side in one chunk, gives no row twice, and uses whole runs again', () => {
    const arena = new Arena(stride);
    const lengths = Array.from({ length: 700 }, (_, n) => [1, 5, 16][n % 3]!);
    const firsts = lengths.map((length) => arena.allocate(length));
    const rows = firsts.flatMap((first, n) => Array.from({ length: lengths[n]! }, (_, i) => first + i));
    expect(new Set(rows).size).toBe(rows.length);
    firsts.forEach((first, n) => {
      const last = first + lengths[n]! - 1;
      expect(arena.floats(last)).toBe(arena.floats(first));
      expect(arena.at(last) - arena.at(first)).toBe((lengths[n]! - 1) * stride);
      arena.words(last)[arena.at(last)] = 1;
    });
    arena.settle();
    firsts.forEach((first, n) => arena.free(first, lengths[n]));
    arena.settle();
    const again = lengths.map((length) => arena.allocate(length));
    expect(again.sort((a, b) => a - b)).toEqual(firsts.sort((a, b) => a - b));
    expect(rows.every((row) => cellsOf(arena, row).every((cell) => cell === 0))).toBe(true);
  });

  it('keeps the image from before the first change, in the order of first changes', () => {
    const arena = new Arena(2);
    const [a, b] = [arena.allocate(), arena.allocate()];
    arena.settle();
    for (const [row, value] of [
      [b, 1.5],
      [a, 2.5],
      [b, 3.5],
    ] as const) {
      arena.touch(row);
      arena.floats(row)[arena.at(row)] = value;
    }
    expect([arena.touchedCount, arena.touchedRow(0), arena.touchedRow(1)]).toEqual([2, b, a]);
    expect([...arena.beforeImages()]).toEqual([0, 0, 0, 0]);
    expect([arena.isTouched(a), arena.isTouched(b)]).toEqual([true, true]);
    arena.settle();
    expect([arena.isTouched(a), arena.isTouched(b)]).toEqual([false, false]);
  });

  it('has the same cells as floats and as words, over chunks that never move', () => {
    const arena = new Arena(stride);
    const first = arena.floats(arena.allocate());
    for (let row = 1; row < 5000; row++) expect(arena.allocate()).toBe(row);
    arena.floats(4999)[arena.at(4999) + 1] = 1;
    expect(cellsOf(arena, 4999)).toEqual([0, 0x3f800000, 0]);
    expect(arena.floats(0)).toBe(first);
    expect(cellsOf(arena, 4998)).toEqual([0, 0, 0]);
  });

  it('puts back a batch of any size, and gives the room for a huge one back', () => {
    const arena = new Arena(stride);
    for (let row = 0; row < 40_000; row++) arena.allocate();
    arena.settle();
    const bytesOfUndo = () => arena.beforeImages().buffer.byteLength;
    for (let row = 0; row < 40_000; row++) {
      arena.touch(row);
      arena.words(row)[arena.at(row)] = row + 1;
    }
    expect(bytesOfUndo()).toBeGreaterThanOrEqual(40_000 * stride * 4);
    arena.rollBack();
    expect(cellsOf(arena, 39_999)).toEqual([0, 0, 0]);
    expect(bytesOfUndo()).toBeLessThan(10_000);
  });
});
