/**
 * Items, shared by all tasks of a worker. A row is `rest + own`: `rest` is the initial value plus what tasks of other
 * workers contributed, `own` one contribution for each task here. The sum is made where it is read and never stored, so
 * that putting a contribution back is exact.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Address, RowMemory } from '../kernel/row-memory.ts';
import { Arena } from './arena.ts';
import { ChangedRows } from './changed-rows.ts';
import { IdTable } from './id-table.ts';
import { itemCells, itemFloats, sketchAt } from './row-layout.ts';
import { fillSeeded, hashId } from './seeded.ts';

/** Fetches what is stored of an evicted item; called with the new row, before anybody reads it. */
export type ItemReloader = (id: string, row: number) => void;

export class ItemTable {
  readonly k: number;
  /** Of a row: float32 numbers, then the sketch. */
  readonly cells: number;
  readonly floatCells: number;
  readonly sketchAt: number;
  readonly sketchCells: number;
  /** What everything works on that learns these items: their rows are in its memory. */
  readonly kernel: Kernel;
  readonly #seed: number;
  readonly #deviation: number;
  readonly #ids = new IdTable();
  readonly #rest: Arena;
  readonly #contributions: ItemContribution[] = [];
  /** How many remembered ratings refer to a row: such rows stay. */
  #pins = new Int32Array(1024);
  #evictedCount = 0;
  /** Rows whose sum may differ from what a watcher has seen; undefined while nobody watches. */
  #changed: ChangedRows | undefined;
  #reload: ItemReloader | undefined;
  /** True once the store may hold items that memory does not; only then is anything reloaded. */
  incomplete = false;
  /** True while anybody elsewhere may have added to a sketch. */
  #hasForeign = false;

  constructor(settings: { k: number; seed: number; initialDeviation: number; sketchWidth: number }, kernel: Kernel) {
    this.kernel = kernel;
    this.k = settings.k;
    this.cells = itemCells(settings.k, settings.sketchWidth);
    this.floatCells = itemFloats(settings.k, settings.sketchWidth);
    this.sketchAt = sketchAt(settings.k, settings.sketchWidth);
    this.sketchCells = this.cells - this.sketchAt;
    this.#seed = settings.seed;
    this.#deviation = settings.initialDeviation / Math.sqrt(settings.k);
    this.#rest = new Arena(this.cells, kernel.memory);
  }

  get size(): number {
    return this.#ids.size;
  }

  get evictedCount(): number {
    return this.#evictedCount;
  }

  /** Rows are numbered below this. */
  get rowLimit(): number {
    return this.#ids.rowLimit;
  }

  has(row: number): boolean {
    return this.#ids.has(row);
  }

  /** The row of an item in memory, or -1. Changes nothing. */
  find(id: string): number {
    return this.#ids.find(id);
  }

  idOf(row: number): string {
    return this.#ids.idOf(row);
  }

  markUsed(row: number): void {
    this.#ids.markUsed(row);
  }

  /** Tells how to fetch what was evicted or not restored. */
  reloadWith(reload: ItemReloader): void {
    this.#reload = reload;
  }

  /** The row of an item, made from its initial value (and what is stored) when it is not in memory. */
  ensure(id: string): number {
    const found = this.#ids.find(id);
    if (found >= 0) {
      this.#ids.markUsed(found);
      return found;
    }
    const row = this.#rest.allocate();
    if (row >= this.#pins.length) {
      const grown = new Int32Array(Math.ceil(row * 1.25) + 1024);
      grown.set(this.#pins);
      this.#pins = grown;
    }
    this.#ids.add(id, row);
    this.#fillInitial(row);
    // An item's row holds nothing that a failed batch could have made: it is never undone.
    this.#ids.settle();
    this.#rest.settle();
    if (this.incomplete) this.#reload?.(id, row);
    return row;
  }

  /** The sum of all parts of a row's numbers, its sketch left out, into `out`. Changes nothing. */
  read(row: number, out: Float32Array): void {
    this.#readFrom(0, row, out);
  }

  /** The same for the fields after the factors alone. */
  readFields(row: number, out: Float32Array): void {
    this.#readFrom(this.k, row, out);
  }

  #readFrom(from: number, row: number, out: Float32Array): void {
    const rest = this.#rest.floats(row);
    const at = this.#rest.at(row);
    for (let i = from; i < this.floatCells; i++) out[i] = rest[at + i]!;
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) contributions[c]!.addTo(row, out, from, this.floatCells);
  }

  /** One field of a row: the sum of its parts. */
  fieldOf(row: number, field: number): number {
    const cell = this.k + field;
    let sum = this.#rest.floats(row)[this.#rest.at(row) + cell]!;
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) sum += contributions[c]!.cellOf(row, cell);
    return sum;
  }

  /** The numbers of a row to an address, its sketch left out. */
  sumTo(row: number, out: Address): void {
    this.#sumWithout(undefined, row, out);
  }

  /** The sketch of a row, behind the numbers at an address. */
  sketchTo(row: number, out: Address): void {
    const { kernel, sketchCells } = this;
    const to = out + this.sketchAt;
    kernel.copy(to, this.#rest.address(row) + this.sketchAt, sketchCells);
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) {
      const contribution = contributions[c]!;
      if (contribution.holds(row)) kernel.sketchAdd(to, contribution.address(row) + this.sketchAt, sketchCells);
    }
  }

  /** Dot product of a sketch with that of a row: the parts' dot products add up. */
  sketchDot(sketch: Address, row: number): number {
    const { kernel, sketchCells } = this;
    let dot = this.#hasForeign ? kernel.sketchDot(sketch, this.#rest.address(row) + this.sketchAt, sketchCells) : 0;
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) {
      const contribution = contributions[c]!;
      if (contribution.holds(row))
        dot += kernel.sketchDot(sketch, contribution.address(row) + this.sketchAt, sketchCells);
    }
    return dot;
  }

  /** Two addresses, at `at` of `parts`, whose rows add up to the row in its sketch; `spare` has room for a row. */
  partsOf(row: number, spare: Address, parts: Uint32Array, at: number): void {
    const [only] = this.#contributions;
    if (this.#contributions.length > 1) this.sketchTo(row, spare);
    parts[at] = this.#contributions.length > 1 ? spare : this.#rest.address(row);
    parts[at + 1] = this.#contributions.length === 1 && only!.holds(row) ? only!.address(row) : 0;
  }

  /**
   * A row's numbers as two parts: `own`, which the contribution holds already, and the sum of all others, which is in the table, or
   * in `spare` (as many cells as a row) where several tasks contribute. Returns the address of that sum.
   */
  restBeside(own: ItemContribution, row: number, spare: Address): Address {
    if (this.#contributions.length === 1 && this.#contributions[0] === own) return this.#rest.address(row);
    this.#sumWithout(own, row, spare);
    return spare;
  }

  #sumWithout(left: ItemContribution | undefined, row: number, out: Address): void {
    const { kernel, floatCells: cells } = this;
    let from = this.#rest.address(row);
    for (let c = 0; c < this.#contributions.length; c++) {
      const contribution = this.#contributions[c]!;
      if (contribution === left || !contribution.holds(row)) continue;
      kernel.sum(out, from, contribution.address(row), cells);
      from = out;
    }
    if (from !== out) kernel.copy(out, from, cells);
  }

  /** From now on every row that changes is gathered, whoever changes it. One watcher. */
  watch(): ChangedRows {
    this.#changed = new ChangedRows();
    for (const contribution of this.#contributions) contribution.watchedBy(this.#changed);
    return this.#changed;
  }

  /** Adds what tasks of other workers committed: `sign` -1 takes it out again. */
  addForeign(row: number, values: Float32Array, sign: 1 | -1): void {
    this.#changed?.mark(row);
    const rest = this.#rest.floats(row);
    const at = this.#rest.at(row);
    for (let i = 0; i < this.floatCells; i++) rest[at + i] = rest[at + i]! + sign * values[i]!;
    const sketch = this.#rest.shorts(row);
    const added = shortsOf(values);
    for (let i = 2 * this.sketchAt; i < 2 * this.cells; i++)
      sketch[2 * at + i] = sketch[2 * at + i]! + sign * added[i]!;
    this.#hasForeign = true;
  }

  /** Nobody elsewhere contributes any more: every `rest` is its initial value again, bit for bit. */
  dropForeign(): void {
    for (let row = 0; row < this.#ids.rowLimit; row++) if (this.#ids.has(row)) this.#fillInitial(row);
    this.#hasForeign = false;
  }

  pin(row: number, count: 1 | -1): void {
    this.#pins[row] = this.#pins[row]! + count;
  }

  /** A new task's share of every item. */
  openContribution(): ItemContribution {
    const contribution = new ItemContribution(this, this.kernel.memory);
    this.attach(contribution);
    return contribution;
  }

  /** From now on the contribution is part of every row, until `closeContribution`. */
  attach(contribution: ItemContribution): void {
    if (this.#contributions.includes(contribution)) return;
    this.#contributions.push(contribution);
    contribution.watchedBy(this.#changed);
    this.#markHeld(contribution);
  }

  closeContribution(contribution: ItemContribution): void {
    const at = this.#contributions.indexOf(contribution);
    if (at < 0) return;
    this.#contributions.splice(at, 1);
    contribution.watchedBy(undefined);
    this.#markHeld(contribution);
  }

  /** Gives the rows' memory back; the table is of no use afterwards. */
  release(): void {
    this.#rest.release();
  }

  /** Between batches: drops rows not used for long until `limit` are left, or all the others are referred to. */
  evictDownTo(limit: number): void {
    this.incomplete = true;
    while (this.#ids.size > limit) {
      const row = this.#ids.victim((r) => this.#pins[r] === 0 && !this.#contributions.some((c) => c.isTouched(r)));
      if (row < 0) return;
      for (const contribution of this.#contributions) contribution.drop(row);
      this.#ids.remove(this.#ids.idOf(row), row);
      this.#changed?.mark(row);
      this.#rest.free(row);
      this.#ids.settle();
      this.#rest.settle();
      this.#evictedCount++;
    }
  }

  #markHeld(contribution: ItemContribution): void {
    if (this.#changed === undefined) return;
    for (let row = 0; contribution.holds(row); row++) this.#changed.mark(row);
  }

  #fillInitial(row: number): void {
    this.#changed?.mark(row);
    const rest = this.#rest.floats(row);
    const at = this.#rest.at(row);
    fillSeeded(rest, at, this.k, hashId(this.#ids.idOf(row), this.#seed), this.#deviation);
    rest.fill(0, at + this.k, at + this.cells);
  }
}

/** What one task has added to the items it touched, row for row beside the table. */
export class ItemContribution {
  readonly #own: Arena;
  readonly #layout: { readonly floatCells: number; readonly sketchAt: number };
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

  /** Sets a committed after-image, which no failed batch undoes. */
  load(row: number, values: Float32Array): void {
    this.#ensure(row);
    this.#changed?.mark(row);
    this.#own.floats(row).set(values.subarray(0, this.#own.stride), this.at(row));
  }

  drop(row: number): void {
    if (row >= this.#limit) return;
    this.#changed?.mark(row);
    this.#own.floats(row).fill(0, this.at(row), this.at(row) + this.#own.stride);
  }

  /** Rows changed in this batch, with their cells now and the change since the last batch. Views: copy what you keep. */
  *touchedRows(): Generator<{ row: number; afterImage: Float32Array; delta: Float32Array }> {
    const { stride } = this.#own;
    const before = this.#own.beforeImages();
    const beforeSketch = shortsOf(before);
    const delta = new Float32Array(stride);
    const deltaSketch = shortsOf(delta);
    for (let i = 0; i < this.#own.touchedCount; i++) {
      const row = this.#own.touchedRow(i);
      const afterImage = this.#own.floats(row).subarray(this.at(row), this.at(row) + stride);
      for (let c = 0; c < this.#layout.floatCells; c++) delta[c] = afterImage[c]! - before[i * stride + c]!;
      for (let c = 2 * this.#layout.sketchAt; c < 2 * stride; c++) {
        deltaSketch[c] = this.#own.shorts(row)[2 * this.at(row) + c]! - beforeSketch[2 * i * stride + c]!;
      }
      yield { row, afterImage, delta };
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
    this.#own.settle();
  }

  rollBack(): void {
    const changed = this.#changed;
    if (changed !== undefined) for (let i = 0; i < this.#own.touchedCount; i++) changed.mark(this.#own.touchedRow(i));
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

/** The same cells as pairs of 16-bit counts. */
const shortsOf = (cells: Float32Array): Int16Array => new Int16Array(cells.buffer, cells.byteOffset, 2 * cells.length);
