/**
 * Items, shared by all tasks of a worker. A row is `rest + own`: `rest` is the initial value plus what tasks of other
 * workers contributed (item-rest.ts), `own` one contribution for each task here. The sum is made where it is read and never stored, so
 * that putting a contribution back is exact.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Address, Block } from '../kernel/row-memory.ts';
import { ChangedRows } from './changed-rows.ts';
import { IdTable } from './id-table.ts';
import { ItemContribution } from './item-contribution.ts';
import { ItemRest } from './item-rest.ts';
import { itemCells, itemFloats, sketchAt } from './row-layout.ts';

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
  readonly #ids = new IdTable();
  readonly #rest: ItemRest;
  /** Rows that can be used again, and the first that never was. */
  readonly #freeRows: number[] = [];
  #nextRow = 0;
  readonly #contributions: ItemContribution[] = [];
  /** How many remembered ratings refer to a row: such rows stay. */
  #pins = new Int32Array(1024);
  #evictedCount = 0;
  /** Rows whose sum may differ from what a watcher has seen; undefined while nobody watches. */
  #changed: ChangedRows | undefined;
  #reload: ItemReloader | undefined;
  /** True once the store may hold items that memory does not; only then is anything reloaded. */
  incomplete = false;

  constructor(settings: { k: number; seed: number; initialDeviation: number; sketchWidth: number }, kernel: Kernel) {
    this.kernel = kernel;
    this.k = settings.k;
    this.cells = itemCells(settings.k, settings.sketchWidth);
    this.floatCells = itemFloats(settings.k, settings.sketchWidth);
    this.sketchAt = sketchAt(settings.k, settings.sketchWidth);
    this.sketchCells = this.cells - this.sketchAt;
    this.#rest = new ItemRest(this, kernel, settings.seed, settings.initialDeviation / Math.sqrt(settings.k));
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
    const row = this.#freeRows.pop() ?? this.#nextRow++;
    if (row >= this.#pins.length) {
      const grown = new Int32Array(Math.ceil(row * 1.1) + 1024);
      grown.set(this.#pins);
      this.#pins = grown;
    }
    this.#ids.add(id, row);
    this.#rest.begin(row, id);
    this.#changed?.mark(row);
    // An item's row holds nothing that a failed batch could have made: it is never undone.
    this.#ids.settle();
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
    this.#rest.read(row, out, from, this.floatCells);
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) contributions[c]!.addTo(row, out, from, this.floatCells);
  }

  /** One field of a row: the sum of its parts. */
  fieldOf(row: number, field: number): number {
    const cell = this.k + field;
    let sum = this.#rest.cellOf(row, cell);
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
    kernel.copy(to, this.#rest.withSketch(row) + this.sketchAt, sketchCells);
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) {
      const contribution = contributions[c]!;
      if (contribution.holds(row)) kernel.sketchAdd(to, contribution.address(row) + this.sketchAt, sketchCells);
    }
  }

  /**
   * Dot products of a sketch with those of rows, and one field of each: sums over the rows' parts, added to the floats from `dots`
   * and `fields` on. `addresses` has room for as many words.
   */
  sketchDots(
    sketch: Address,
    rows: Int32Array,
    count: number,
    field: number,
    { words, address }: Block,
    dots: Address,
    fields: Address,
  ): void {
    const { kernel, sketchAt, sketchCells } = this;
    const fieldAt = this.k + field;
    if (this.#rest.isHeld) {
      for (let i = 0; i < count; i++) words[i] = this.#rest.withSketch(rows[i]!);
      kernel.sketchDots(sketch, address, count, sketchAt, sketchCells, fieldAt, dots, fields);
    }
    const contributions = this.#contributions;
    for (let c = 0; c < contributions.length; c++) {
      contributions[c]!.addressesOf(rows, count, words);
      kernel.sketchDots(sketch, address, count, sketchAt, sketchCells, fieldAt, dots, fields);
    }
  }

  /** Two addresses, at `at` of `parts`, whose rows add up to the row in its sketch; `spare` has room for a row. */
  partsOf(row: number, spare: Address, parts: Uint32Array, at: number): void {
    const contributions = this.#contributions;
    if (contributions.length > 1) {
      this.sketchTo(row, spare);
      parts[at] = spare;
      parts[at + 1] = 0;
      return;
    }
    const [only] = contributions;
    const own = only?.holds(row) === true ? only.address(row) : 0;
    const isSum = own > 0 && this.#rest.isHeld;
    parts[at] = own > 0 && !isSum ? own : this.#rest.withSketch(row);
    parts[at + 1] = isSum ? own : 0;
  }

  /**
   * A row's numbers as two parts: `own`, which the contribution holds already, and the sum of all others, which is in the table, or
   * made in `spare` (as many cells as a row). Returns the address of that sum.
   */
  restBeside(own: ItemContribution, row: number, spare: Address): Address {
    if (this.#contributions.length === 1 && this.#contributions[0] === own) return this.#rest.numbers(row, spare);
    this.#sumWithout(own, row, spare);
    return spare;
  }

  #sumWithout(left: ItemContribution | undefined, row: number, out: Address): void {
    const { kernel, floatCells: cells } = this;
    let from = this.#rest.numbers(row, out);
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

  /** Adds what tasks of other workers committed, a whole row or its numbers: `sign` -1 takes it out again. */
  addForeign(row: number, values: Float32Array, sign: 1 | -1): void {
    this.#changed?.mark(row);
    this.#rest.add(row, values, sign);
  }

  /** Nobody elsewhere contributes any more: every `rest` is its initial value again, bit for bit. */
  dropForeign(): void {
    if (this.#rest.isHeld) for (let row = 0; row < this.#ids.rowLimit; row++) this.#changed?.mark(row);
    this.#rest.drop();
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
      this.#freeRows.push(row);
      this.#ids.settle();
      this.#evictedCount++;
    }
  }

  #markHeld(contribution: ItemContribution): void {
    if (this.#changed === undefined) return;
    for (let row = 0; contribution.holds(row); row++) this.#changed.mark(row);
  }
}
