import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { rowLayout } from '../../src/model/row-layout.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { ContributionImages } from '../../src/stream/contribution-image.ts';

const items = new ItemTable({ ...defaultSettings, k: 8, sketchWidth: 64 }, createKernel('plain'));
const images = new ContributionImages(items);

function rowWith(counts: readonly number[]): Float32Array {
  const cells = new Float32Array(items.cells);
  for (let i = 0; i < items.floatCells; i++) cells[i] = i / 7;
  new Int16Array(cells.buffer, 4 * items.sketchAt).set(counts);
  return cells;
}

const bitsOf = (cells: Float32Array): number[] => [...new Uint32Array(cells.buffer, cells.byteOffset, cells.length)];
const storedCells = (counts: readonly number[]): number => images.stored(rowWith(counts)).values.length;

describe('a stored contribution', () => {
  it('is the same row again, bit for bit, whatever its counts are', () => {
    const count = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -32768, max: 32767 }));
    fc.assert(
      fc.property(fc.array(count, { maxLength: 64 }), (counts) => {
        const row = rowWith(counts);
        const { layout, values } = images.stored(row);
        expect(bitsOf(images.cells({ layout, values: values.slice() }))).toEqual(bitsOf(row));
      }),
    );
  });

  it('takes no room for no raters, a byte a count while they are few, and two when they are many', () => {
    expect(storedCells([])).toBe(items.sketchAt);
    expect(storedCells([1, -127])).toBe(items.sketchAt + 16);
    expect(storedCells([1, -128])).toBe(items.cells);
  });

  it('is refused when its length is of no known kind', () => {
    const values = new Float32Array(items.sketchAt + 1);
    expect(() => images.cells({ layout: rowLayout, values })).toThrow(
      /learned with another effort .* or it is damaged: ask for the --effort/,
    );
  });
});
