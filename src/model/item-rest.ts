/**
 * What nobody here contributed of the items' rows: their initial values, and what tasks of other workers did.
 *
 * Initial values follow from a hash, which is all that is held until anybody elsewhere contributes: making 32 of them anew takes
 * less time than waiting for memory. From then on every row is held.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Address, Block } from '../kernel/row-memory.ts';
import { Arena } from './arena.ts';
import { fillSeeded, hashId } from '../kernel/seeded.ts';
import { shortsOf } from './sketch-cells.ts';

/** Of an item row, in cells: factors, all numbers, where the sketch begins, all. */
export interface ItemLayout {
  readonly k: number;
  readonly floatCells: number;
  readonly sketchAt: number;
  readonly cells: number;
}

export class ItemRest {
  readonly #layout: ItemLayout;
  readonly #kernel: Kernel;
  readonly #seed: number;
  readonly #deviation: number;
  #hashes = new Uint32Array(1024);
  #count = 0;
  /** All rows, once anybody elsewhere contributed. */
  #rows: Arena | undefined;
  /** A row of nothing. */
  readonly #zeros: Block;

  constructor(layout: ItemLayout, kernel: Kernel, seed: number, deviation: number) {
    this.#layout = layout;
    this.#kernel = kernel;
    this.#seed = seed;
    this.#deviation = deviation;
    this.#zeros = kernel.memory.allocate(layout.cells);
  }

  /** True while rows are held. Only then may a sketch or a sum be other than nothing. */
  get isHeld(): boolean {
    return this.#rows !== undefined;
  }

  /** A row of zeros. */
  get nothing(): Address {
    return this.#zeros.address;
  }

  /** A row gets its initial values. */
  begin(row: number, id: string): void {
    if (row >= this.#hashes.length) {
      const grown = new Uint32Array(Math.ceil(row * 1.1) + 1024);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[row] = hashId(id, this.#seed);
    this.#count = Math.max(this.#count, row + 1);
    if (this.#rows !== undefined) this.#fill(this.#rows, row);
  }

  /** Cells `from` up to but without `to`, which are numbers. */
  read(row: number, out: Float32Array, from: number, to: number): void {
    const rows = this.#rows;
    if (rows !== undefined) {
      const cells = rows.floats(row);
      const at = rows.at(row);
      for (let i = from; i < to; i++) out[i] = cells[at + i]!;
      return;
    }
    if (from < this.#layout.k) this.#fillSeeded(row, out, 0);
    out.fill(0, Math.max(from, this.#layout.k), to);
  }

  /** One number behind the factors. */
  cellOf(row: number, cell: number): number {
    const rows = this.#rows;
    return rows === undefined ? 0 : rows.floats(row)[rows.at(row) + cell]!;
  }

  /** Where a row's numbers are: in the table, or made anew at `spare`. */
  numbers(row: number, spare: Address): Address {
    if (this.#rows !== undefined) return this.#rows.address(row);
    const { k, floatCells } = this.#layout;
    this.#kernel.seeded(spare, k, this.#hashes[row]!, this.#deviation);
    this.#kernel.copy(spare + k, this.#zeros.address, floatCells - k);
    return spare;
  }

  /** Where a row is of which only the sketch matters. */
  withSketch(row: number): Address {
    return this.#rows?.address(row) ?? this.#zeros.address;
  }

  /** Adds what tasks of other workers committed, a whole row or its numbers: `sign` -1 takes it out again. */
  add(row: number, values: Float32Array, sign: 1 | -1): void {
    const { floatCells, sketchAt, cells } = this.#layout;
    const rows = (this.#rows ??= this.#hold());
    const rest = rows.floats(row);
    const at = rows.at(row);
    for (let i = 0; i < floatCells; i++) rest[at + i] = rest[at + i]! + sign * values[i]!;
    if (values.length === floatCells) return;
    const sketch = rows.shorts(row);
    const added = shortsOf(values);
    for (let i = 2 * sketchAt; i < 2 * cells; i++) sketch[2 * at + i] = sketch[2 * at + i]! + sign * added[i]!;
  }

  /** Nobody elsewhere contributes any more: every row is its initial value again, bit for bit. */
  drop(): void {
    this.#rows?.release();
    this.#rows = undefined;
  }

  /** Gives all memory back. */
  release(): void {
    this.drop();
    this.#kernel.memory.release(this.#zeros);
  }

  #hold(): Arena {
    const rows = new Arena(this.#layout.cells, this.#kernel.memory);
    for (let row = 0; row < this.#count; row++) this.#fill(rows, row);
    return rows;
  }

  #fill(rows: Arena, row: number): void {
    rows.reserve(row);
    const cells = rows.floats(row);
    const at = rows.at(row);
    this.#fillSeeded(row, cells, at);
    cells.fill(0, at + this.#layout.k, at + this.#layout.cells);
  }

  #fillSeeded(row: number, out: Float32Array, at: number): void {
    fillSeeded(out, at, this.#layout.k, this.#hashes[row]!, this.#deviation);
  }
}
