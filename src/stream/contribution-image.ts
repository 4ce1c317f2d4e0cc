/**
 * A contribution as it is stored: its numbers in one record, its sketch in another, which only a rating or a withdrawal
 * changes; replay changes the numbers of several items for each rating. A sketch has one byte a count while all fit, else two.
 */
import { CorruptStateError } from '../errors.ts';
import type { ItemTable } from '../model/item-table.ts';
import { rowLayout } from '../model/row-layout.ts';
import type { RowImage } from '../ports/codec.ts';
import { rowOf } from './stored-row.ts';

type Layout = Pick<ItemTable, 'cells' | 'floatCells' | 'sketchAt' | 'sketchCells'>;

/** What it returns is valid until its next call. */
export class ContributionImages {
  readonly #layout: Layout;
  readonly #bytes: Int8Array;
  readonly #byteCells: Float32Array;
  readonly #cells: Float32Array;
  readonly #counts: Int16Array;

  constructor(layout: Layout) {
    const { cells, sketchAt, sketchCells } = layout;
    this.#layout = layout;
    this.#byteCells = new Float32Array(sketchCells / 2);
    this.#bytes = new Int8Array(this.#byteCells.buffer);
    this.#cells = new Float32Array(cells);
    this.#counts = new Int16Array(this.#cells.buffer, 4 * sketchAt);
  }

  /** `cells`: a whole row, or the change of one, as an item table has it. */
  numbers(cells: Float32Array): RowImage {
    return { layout: rowLayout, values: cells.subarray(0, this.#layout.floatCells) };
  }

  sketch(cells: Float32Array): RowImage {
    const { sketchAt, sketchCells } = this.#layout;
    const counts = new Int16Array(cells.buffer, cells.byteOffset + 4 * sketchAt, 2 * sketchCells);
    const bytes = this.#bytes;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i] ?? 0;
      if (count > 127 || count < -127) return { layout: rowLayout, values: cells.subarray(sketchAt) };
      bytes[i] = count;
    }
    return { layout: rowLayout, values: this.#byteCells };
  }

  /** The numbers of a row that were stored. Throws CorruptStateError. */
  numbersOf(image: RowImage): Float32Array {
    const values = rowOf(image);
    const { floatCells } = this.#layout;
    if (values.length !== floatCells) throw otherLength(values.length, String(floatCells));
    return values;
  }

  /** A whole row with a sketch that was stored, and 0 for numbers. Throws CorruptStateError. */
  sketchOf(image: RowImage): Float32Array {
    const values = rowOf(image);
    const { sketchAt, sketchCells } = this.#layout;
    if (sketchCells > 0 && values.length === sketchCells) this.#cells.set(values, sketchAt);
    else if (sketchCells > 0 && values.length === sketchCells / 2) {
      this.#counts.set(new Int8Array(values.buffer, values.byteOffset, 4 * values.length));
    } else throw otherLength(values.length, sketchCells > 0 ? `${sketchCells / 2} or ${sketchCells}` : 'none');
    return this.#cells;
  }
}

const otherLength = (found: number, possible: string): CorruptStateError =>
  new CorruptStateError(
    `A stored contribution has ${found} cells where ${possible} are possible. ` +
      'It was learned with another effort (full and auto keep sketches of items, fast and balanced do not), or it is damaged: ' +
      'ask for the --effort that it was learned with, restore it from a copy, or rebuild the state from the ratings.',
    { found },
  );
