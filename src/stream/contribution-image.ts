/**
 * A contribution as it is stored: its numbers, then the sketch in as few bytes as it needs. Most sketches are small, and
 * what replay touched has none in its delta: nothing when all counts are 0, one byte a count when they fit, else two.
 */
import { CorruptStateError } from '../errors.ts';
import type { ItemTable } from '../model/item-table.ts';
import { rowLayout } from '../model/row-layout.ts';
import type { RowImage } from '../ports/codec.ts';
import { rowOf } from './stored-row.ts';

type Layout = Pick<ItemTable, 'cells' | 'sketchAt'>;

/** One contribution at a time: what it returns is overwritten by the next. */
export class ContributionImages {
  readonly #layout: Layout;
  readonly #stored: Float32Array;
  readonly #storedCounts: Int8Array;
  readonly #cells: Float32Array;
  readonly #counts: Int16Array;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#stored = new Float32Array(layout.cells);
    this.#storedCounts = new Int8Array(this.#stored.buffer, 4 * layout.sketchAt);
    this.#cells = new Float32Array(layout.cells);
    this.#counts = new Int16Array(this.#cells.buffer, 4 * layout.sketchAt);
  }

  /** `cells`: a whole row, as an item table has it. */
  stored(cells: Float32Array): RowImage {
    const { sketchAt } = this.#layout;
    const counts = new Int16Array(cells.buffer, cells.byteOffset + 4 * sketchAt, 2 * (cells.length - sketchAt));
    const largest = counts.reduce((most, count) => Math.max(most, Math.abs(count)), 0);
    if (largest > 127) return { layout: rowLayout, values: cells };
    this.#stored.set(cells.subarray(0, sketchAt));
    if (largest === 0) return { layout: rowLayout, values: this.#stored.subarray(0, sketchAt) };
    this.#storedCounts.set(counts);
    return { layout: rowLayout, values: this.#stored.subarray(0, sketchAt + counts.length / 4) };
  }

  /** The whole row of what was stored. Throws CorruptStateError. */
  cells(image: RowImage): Float32Array {
    const { cells, sketchAt } = this.#layout;
    const values = rowOf(image);
    const counts = this.#counts.length;
    if (values.length === cells) return values;
    if (values.length !== sketchAt && values.length !== sketchAt + counts / 4) {
      throw new CorruptStateError(
        `A stored contribution has ${values.length} cells where ${sketchAt}, ${sketchAt + counts / 4} or ${cells} are possible. ` +
          'It was learned with another effort (full and auto keep sketches of items, fast and balanced do not), or it is damaged: ' +
          'ask for the --effort that it was learned with, restore it from a copy, or rebuild the state from the ratings.',
        { found: values.length },
      );
    }
    this.#cells.set(values.subarray(0, sketchAt));
    if (values.length === sketchAt) this.#counts.fill(0);
    else this.#counts.set(new Int8Array(values.buffer, values.byteOffset + 4 * sketchAt, counts));
    return this.#cells;
  }
}
