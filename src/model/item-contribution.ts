import type { Address, RowMemory } from '../kernel/row-memory.ts';
import { Arena } from './arena.ts';
import { ChangedRows } from './changed-rows.ts';
import { shortsOf } from './sketch-cells.ts';

/** What one task has added to the items it touched, row for row beside the table. */
export class ItemContribution {
  readonly #own: Arena;
  readonly #layout: { readonly floatCells: number; readonly sketchAt: number };
  /** Rows whose sketch was touched in this batch, too. */
  readonly #sketched = new ChangedRows();
  #limit = 0;
  #changed: ChangedRows | undefined;

  constructor(layout: { cells: number; floatCells: number; sketchAt: number }, memory: RowMemory) {
    this.#layout = layout;
    this.#own = new Arena(layout.cells, memory);
  }

  /** Who is told of every change. */
  watchedBy(changed: ChangedRows | undefined): void {
    this.#changed = changed;
  }

  isTouched(row: number): boolean {
    return row < this.#limit && this.#own.isTouched(row);
  }

  /** The cells of a row for writing, from `at(row)` on. Its before-image is kept. */
  touch(row: number): Float32Array {
    this.#ensure(row);
    this.#changed?.mark(row);
    this.#own.touch(row);
    return this.#own.floats(row);
  }

  /** The same, and its sketch is about to change. */
  touchSketch(row: number): Float32Array {
    this.#sketched.mark(row);
    return this.touch(row);
  }

  at(row: number): number {
    return this.#own.at(row);
  }

  /** False for rows that this task never touched. */
  holds(row: number): boolean {
    return row < this.#limit;
  }

  /** Adds cells `from` up to but without `to`, which are numbers. */
  addTo(row: number, out: Float32Array, from: number, to: number): void {
    if (row >= this.#limit) return;
    const own = this.#own.floats(row);
    const at = this.#own.at(row);
    for (let i = from; i < to; i++) out[i] = out[i]! + own[at + i]!;
  }

  /** One number of a row; 0 for a row that is not held. */
  cellOf(row: number, cell: number): number {
    return row < this.#limit ? this.#own.floats(row)[this.#own.at(row) + cell]! : 0;
  }

  /** Where kernels find a row that is held. */
  address(row: number): Address {
    return this.#own.address(row);
  }

  /** The same for many; 0 for those that are not held. */
  addressesOf(rows: Int32Array, count: number, out: Uint32Array): void {
    for (let i = 0; i < count; i++) out[i] = rows[i]! < this.#limit ? this.#own.address(rows[i]!) : 0;
  }

  /** Sets the numbers of a committed after-image, which no failed batch undoes. */
  loadNumbers(row: number, cells: Float32Array): void {
    this.#load(row, cells, 0, this.#layout.floatCells);
  }

  /** The same for the sketch, out of a whole row. */
  loadSketch(row: number, cells: Float32Array): void {
    this.#load(row, cells, this.#layout.sketchAt, this.#own.stride);
  }

  #load(row: number, cells: Float32Array, from: number, to: number): void {
    this.#ensure(row);
    this.#changed?.mark(row);
    this.#own.floats(row).set(cells.subarray(from, to), this.at(row) + from);
  }

  drop(row: number): void {
    if (row >= this.#limit) return;
    this.#changed?.mark(row);
    this.#own.floats(row).fill(0, this.at(row), this.at(row) + this.#own.stride);
  }

  /**
   * Rows changed in this batch, with their cells now and the change since the last batch; of those that are not `sketched` the
   * sketch has not changed, and its change is not filled in. Views: copy what you keep.
   */
  *touchedRows(): Generator<{ row: number; afterImage: Float32Array; delta: Float32Array; sketched: boolean }> {
    const { stride } = this.#own;
    const before = this.#own.beforeImages();
    const beforeSketch = shortsOf(before);
    const delta = new Float32Array(stride);
    const deltaSketch = shortsOf(delta);
    for (let i = 0; i < this.#own.touchedCount; i++) {
      const row = this.#own.touchedRow(i);
      const afterImage = this.#own.floats(row).subarray(this.at(row), this.at(row) + stride);
      for (let c = 0; c < this.#layout.floatCells; c++) delta[c] = afterImage[c]! - before[i * stride + c]!;
      const sketched = this.#sketched.has(row);
      if (sketched) {
        const sketch = this.#own.shorts(row);
        const at = 2 * this.at(row);
        for (let c = 2 * this.#layout.sketchAt; c < 2 * stride; c++) {
          deltaSketch[c] = sketch[at + c]! - beforeSketch[2 * i * stride + c]!;
        }
      }
      yield { row, afterImage, delta, sketched };
    }
  }

  /** Every row with anything in it. */
  forEach(visit: (row: number, values: Float32Array) => void): void {
    for (let row = 0; row < this.#limit; row++) {
      const values = this.#own.floats(row).subarray(this.at(row), this.at(row) + this.#own.stride);
      if (values.some((value) => value !== 0)) visit(row, values);
    }
  }

  settle(): void {
    this.#sketched.take(() => {});
    this.#own.settle();
  }

  rollBack(): void {
    const changed = this.#changed;
    if (changed !== undefined) for (let i = 0; i < this.#own.touchedCount; i++) changed.mark(this.#own.touchedRow(i));
    this.#sketched.take(() => {});
    this.#own.rollBack();
  }

  /** Gives the memory back; the contribution is of no use afterwards. */
  release(): void {
    this.#own.release();
    this.#limit = 0;
  }

  #ensure(row: number): void {
    if (row < this.#limit) return;
    this.#own.reserve(row);
    this.#limit = row + 1;
  }
}
