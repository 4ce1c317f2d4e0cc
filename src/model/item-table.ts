/**
 * Items, shared by all tasks of a worker. A row is `rest + own`: `rest` is the initial value plus what tasks of other
 * workers contributed, `own` one contribution for each task here. The sum is made where it is read and never stored, so
 * that putting a contribution back is exact.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Address, RowMemory } from '../kernel/row-memory.ts';
import { Arena } from './arena.ts';
import { IdTable } from './id-table.ts';
import { itemCells } from './row-layout.ts';
import { fillSeeded, hashId } from './seeded.ts';

/** Fetches what is stored of an evicted item; called with the new row, before anybody reads it. */
export type ItemReloader = (id: string, row: number) => void;

export class ItemTable {
  readonly k: number;
  readonly cells: number;
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
  #reload: ItemReloader | undefined;
  /** True once the store may hold items that memory does not; only then is anything reloaded. */
  incomplete = false;

  constructor(settings: { k: number; seed: number; initialDeviation: number }, kernel: Kernel) {
    this.kernel = kernel;
    this.k = settings.k;
    this.cells = itemCells(settings.k);
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

  /** The sum of all parts of a row, into `out`. Changes nothing. */
  read(row: number, out: Float32Array): void {
    const rest = this.#rest.floats(row);
    const at = this.#rest.at(row);
    for (let i = 0; i < this.cells; i++) out[i] = rest[at + i]!;
    for (const contribution of this.#contributions) contribution.addTo(row, out);
  }

  /** The same, to an address. */
  sumTo(row: number, out: Address): void {
    this.#sumWithout(undefined, row, out);
  }

  /**
   * A row as two parts: `own`, which the contribution holds already, and the sum of all others, which is in the table, or
   * in `spare` (as many cells as a row) where several tasks contribute. Returns the address of that sum.
   */
  restBeside(own: ItemContribution, row: number, spare: Address): Address {
    if (this.#contributions.length === 1 && this.#contributions[0] === own) return this.#rest.address(row);
    this.#sumWithout(own, row, spare);
    return spare;
  }

  #sumWithout(left: ItemContribution | undefined, row: number, out: Address): void {
    const { kernel, cells } = this;
    let from = this.#rest.address(row);
    for (let c = 0; c < this.#contributions.length; c++) {
      const contribution = this.#contributions[c]!;
      if (contribution === left || !contribution.holds(row)) continue;
      kernel.sum(out, from, contribution.address(row), cells);
      from = out;
    }
    if (from !== out) kernel.copy(out, from, cells);
  }

  /** Adds what tasks of other workers committed: `sign` -1 takes it out again. */
  addForeign(row: number, values: Float32Array, sign: 1 | -1): void {
    const rest = this.#rest.floats(row);
    const at = this.#rest.at(row);
    for (let i = 0; i < this.cells; i++) rest[at + i] = rest[at + i]! + sign * values[i]!;
  }

  /** Nobody elsewhere contributes any more: every `rest` is its initial value again, bit for bit. */
  dropForeign(): void {
    for (let row = 0; row < this.#ids.rowLimit; row++) if (this.#ids.has(row)) this.#fillInitial(row);
  }

  pin(row: number, count: 1 | -1): void {
    this.#pins[row] = this.#pins[row]! + count;
  }

  /** A new task's share of every item. */
  openContribution(): ItemContribution {
    const contribution = new ItemContribution(this.cells, this.kernel.memory);
    this.attach(contribution);
    return contribution;
  }

  /** From now on the contribution is part of every row, until `closeContribution`. */
  attach(contribution: ItemContribution): void {
    if (!this.#contributions.includes(contribution)) this.#contributions.push(contribution);
  }

  closeContribution(contribution: ItemContribution): void {
    const at = this.#contributions.indexOf(contribution);
    if (at >= 0) this.#contributions.splice(at, 1);
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
      this.#rest.free(row);
      this.#ids.settle();
      this.#rest.settle();
      this.#evictedCount++;
    }
  }

  #fillInitial(row: number): void {
    const rest = this.#rest.floats(row);
    const at = this.#rest.at(row);
    fillSeeded(rest, at, this.k, hashId(this.#ids.idOf(row), this.#seed), this.#deviation);
    rest.fill(0, at + this.k, at + this.cells);
  }
}

/** What one task has added to the items it touched, row for row beside the table. */
export class ItemContribution {
  readonly #own: Arena;
  #limit = 0;

  constructor(cells: number, memory: RowMemory) {
    this.#own = new Arena(cells, memory);
  }

  isTouched(row: number): boolean {
    return row < this.#limit && this.#own.isTouched(row);
  }

  /** The cells of a row for writing, from `at(row)` on. Its before-image is kept. */
  touch(row: number): Float32Array {
    this.#ensure(row);
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

  addTo(row: number, out: Float32Array): void {
    if (row >= this.#limit) return;
    const own = this.#own.floats(row);
    const at = this.#own.at(row);
    for (let i = 0; i < this.#own.stride; i++) out[i] = out[i]! + own[at + i]!;
  }

  /** Where kernels find a row that is held. */
  address(row: number): Address {
    return this.#own.address(row);
  }

  /** Sets a committed after-image, which no failed batch undoes. */
  load(row: number, values: Float32Array): void {
    this.#ensure(row);
    this.#own.floats(row).set(values.subarray(0, this.#own.stride), this.at(row));
  }

  drop(row: number): void {
    if (row < this.#limit) this.#own.floats(row).fill(0, this.at(row), this.at(row) + this.#own.stride);
  }

  /** Rows changed in this batch, with their cells now and the change since the last batch. Views: copy what you keep. */
  *touchedRows(): Generator<{ row: number; afterImage: Float32Array; delta: Float32Array }> {
    const { stride } = this.#own;
    const before = this.#own.beforeImages();
    const delta = new Float32Array(stride);
    for (let i = 0; i < this.#own.touchedCount; i++) {
      const row = this.#own.touchedRow(i);
      const afterImage = this.#own.floats(row).subarray(this.at(row), this.at(row) + stride);
      for (let c = 0; c < stride; c++) delta[c] = afterImage[c]! - before[i * stride + c]!;
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
