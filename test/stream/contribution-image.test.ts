import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { rowLayout } from '../../src/model/row-layout.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import type { RowImage } from '../../src/ports/codec.ts';
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
const copied = ({ layout, values }: RowImage): RowImage => ({ layout, values: values.slice() });
const sketchCells = (counts: readonly number[]): number => images.sketch(rowWith(counts)).values.length;

describe('a stored contribution', () => {
  it('is the same row again, bit for bit, whatever its counts are', () => {
    const count = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -32768, max: 32767 }));
    fc.assert(
      fc.property(fc.array(count, { maxLength: 64 }), (counts) => {
        const row = rowWith(counts);
        const [numbers, sketch] = [copied(images.numbers(row)), copied(images.sketch(row))];
        const again = images.sketchOf(sketch).slice();
        expect(again.subarray(0, items.floatCells).every((value) => value === 0)).toBe(true);
        again.set(images.numbersOf(numbers));
        expect(bitsOf(again)).toEqual(bitsOf(row));
      }),
    );
  });

  it('takes a byte for each count of its sketch while raters are few, and two when they are many', () => {
    expect(sketchCells([1, -127])).toBe(16);
    expect(sketchCells([1, -128])).toBe(32);
  });

  it('is refused when its length is of no known kind', () => {
    const reason = /learned with another effort .* or it is damaged: ask for the --effort/;
    const image = (length: number): RowImage => ({ layout: rowLayout, values: new Float32Array(length) });
    for (const length of [0, items.floatCells - 1, items.cells]) {
      expect(() => images.numbersOf(image(length))).toThrow(reason);
    }
    for (const length of [0, 17, items.cells]) expect(() => images.sketchOf(image(length))).toThrow(reason);
    const plain = new ContributionImages(new ItemTable({ ...defaultSettings, sketchWidth: 0 }, createKernel('plain')));
    for (const length of [0, 16]) expect(() => plain.sketchOf(image(length))).toThrow(reason);
  });
});
