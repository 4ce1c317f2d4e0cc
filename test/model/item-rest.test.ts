import { describe, expect, it } from 'vitest';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { ItemRest, type ItemLayout } from '../../src/model/item-rest.ts';

/** Five factors, three fields, a sketch of eight sums of which each pair takes a cell. */
const layout: ItemLayout = { k: 5, floatCells: 8, sketchAt: 8, cells: 12 };
const ids = Array.from({ length: 1500 }, (_, row) => `item ${row}`);

function restOf(): { rest: ItemRest; numbersOf: (row: number) => number[]; sketchOf: (row: number) => number[] } {
  const kernel = createPlainKernel();
  const rest = new ItemRest(layout, kernel, 7, 0.1);
  ids.forEach((id, row) => rest.begin(row, id));
  const spare = kernel.memory.allocate(layout.cells);
  const copied = kernel.memory.allocate(layout.cells);
  const read = (address: number) => {
    kernel.copy(copied.address, address, layout.cells);
    return copied;
  };
  return {
    rest,
    numbersOf: (row) => [...read(rest.numbers(row, spare.address)).floats.subarray(0, layout.floatCells)],
    sketchOf: (row) => [...read(rest.withSketch(row)).shorts.subarray(2 * layout.sketchAt)],
  };
}

const contribution = (): Float32Array => {
  const cells = new Float32Array(layout.cells);
  cells.fill(0.25, 0, layout.floatCells);
  new Int16Array(cells.buffer).fill(3, 2 * layout.sketchAt);
  return cells;
};

describe('the rest of items', () => {
  it('is the same bits whether it is held or made anew, and again once nobody elsewhere contributes', () => {
    const { rest, numbersOf, sketchOf } = restOf();
    const before = ids.map((_, row) => numbersOf(row));
    expect(rest.isHeld).toBe(false);
    expect(new Set(before.map(String)).size).toBe(ids.length);
    rest.add(3, contribution(), 1);
    expect(rest.isHeld).toBe(true);
    expect(numbersOf(3)).toEqual(before[3]!.map((value) => Math.fround(value + 0.25)));
    expect(sketchOf(3)).toEqual(Array(8).fill(3));
    before.forEach((numbers, row) => row !== 3 && expect(numbersOf(row)).toEqual(numbers));
    expect(sketchOf(1400)).toEqual(Array(8).fill(0));
    rest.drop();
    expect(rest.isHeld).toBe(false);
    expect(ids.map((_, row) => numbersOf(row))).toEqual(before);
    expect(sketchOf(3)).toEqual(Array(8).fill(0));
  });

  it('is read alike by cell, by array and by address', () => {
    const { rest, numbersOf } = restOf();
    for (const isHeld of [false, true]) {
      if (isHeld) rest.add(9, contribution(), 1);
      const out = new Float32Array(layout.floatCells);
      rest.read(9, out, 0, layout.floatCells);
      expect([...out]).toEqual(numbersOf(9));
      expect(rest.cellOf(9, layout.k)).toBe(out[layout.k]);
      const fields = new Float32Array(layout.floatCells).fill(5);
      rest.read(9, fields, layout.k, layout.floatCells);
      expect([...fields]).toEqual([5, 5, 5, 5, 5, ...out.subarray(layout.k)]);
    }
  });

  it('gives a row that is used again the initial values of its new id', () => {
    const { rest, numbersOf } = restOf();
    rest.add(3, contribution(), 1);
    rest.begin(3, 'another');
    const held = numbersOf(3);
    rest.drop();
    expect(numbersOf(3)).toEqual(held);
  });
});
