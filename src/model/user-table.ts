/** One task's users: their rows and the ratings they are remembered by, with undo, and with eviction of the long unused. */
import type { Address, Block, RowMemory } from '../kernel/row-memory.ts';
import { Arena } from './arena.ts';
import { History } from './history.ts';
import { IdTable } from './id-table.ts';
import { userCells, userField, userStride } from './row-layout.ts';
import { fillSeeded, hashId } from '../kernel/seeded.ts';
import type { LearnerSettings } from './settings.ts';

export class UserTable {
  readonly history: History;
  /** Stored cells of a row. */
  readonly cells: number;
  /** A row of zeros: what is known of an unknown user. */
  readonly emptyRow: Block;
  readonly #memory: RowMemory;
  readonly #settings: LearnerSettings;
  readonly #ids = new IdTable();
  readonly #rows: Arena;
  readonly #forgotten = new Set<string>();
  #evictedCount = 0;

  constructor(settings: LearnerSettings, memory: RowMemory, pin: (itemRow: number, count: 1 | -1) => void) {
    this.#settings = settings;
    this.#memory = memory;
    this.cells = userCells(settings.k);
    this.#rows = new Arena(userStride(settings.k), memory);
    this.emptyRow = memory.allocate(userStride(settings.k));
    this.history = new History(settings.historyLimit, pin);
  }

  get size(): number {
    return this.#ids.size;
  }

  get evictedCount(): number {
    return this.#evictedCount;
  }

  /** The row of a user in memory, or -1. Changes nothing. */
  find(id: string): number {
    return this.#ids.find(id);
  }

  idOf(row: number): string {
    return this.#ids.idOf(row);
  }

  markUsed(row: number): void {
    this.#ids.markUsed(row);
  }

  floats(row: number): Float32Array {
    return this.#rows.floats(row);
  }

  at(row: number): number {
    return this.#rows.at(row);
  }

  address(row: number): Address {
    return this.#rows.address(row);
  }

  touch(row: number): void {
    this.#rows.touch(row);
  }

  create(id: string): number {
    const row = this.#rows.allocate();
    this.#rows.touch(row);
    this.#ids.add(id, row);
    const { k, seed, initialDeviation } = this.#settings;
    fillSeeded(this.floats(row), this.at(row), k, hashId(id, seed + 1), initialDeviation / Math.sqrt(k));
    return row;
  }

  /** First history block of a row (row + 1; 0: none). */
  head(row: number): number {
    return this.#rows.words(row)[this.at(row) + this.cells]!;
  }

  setHead(row: number, head: number): void {
    this.#rows.words(row)[this.at(row) + this.cells] = head;
  }

  /** Seconds of the newest remembered rating; 0 when they have to be looked up. */
  newestSeconds(row: number): number {
    return this.#rows.words(row)[this.at(row) + this.cells + 1]!;
  }

  setNewestSeconds(row: number, seconds: number): void {
    this.#rows.words(row)[this.at(row) + this.cells + 1] = seconds;
  }

  sequence(row: number): number {
    return this.floats(row)[this.at(row) + this.#settings.k + userField.sequence]!;
  }

  setSequence(row: number, sequence: number): void {
    this.floats(row)[this.at(row) + this.#settings.k + userField.sequence] = sequence;
  }

  /** Drops a user for good; undone with the batch. */
  forget(id: string, row: number): void {
    this.#rows.touch(row);
    this.history.release(this.head(row));
    this.#ids.remove(id, row);
    this.#rows.free(row);
    this.#forgotten.add(id);
  }

  forgottenInBatch(): ReadonlySet<string> {
    return this.#forgotten;
  }

  /** Rows changed in this batch that still exist. */
  *touchedRows(): Generator<number> {
    for (let i = 0; i < this.#rows.touchedCount; i++) {
      const row = this.#rows.touchedRow(i);
      if (this.#ids.has(row)) yield row;
    }
  }

  /** History blocks changed in this batch of users that still exist. */
  *touchedBlocks(): Generator<[userRow: number, blockNumber: number]> {
    for (const touched of this.history.touchedBlocks()) if (this.#ids.has(touched[0])) yield touched;
  }

  forEach(visit: (id: string, row: number) => void): void {
    for (const [id, row] of this.#ids.entries()) visit(id, row);
  }

  /** The stored cells of a row. A view: copy what you keep. */
  values(row: number): Float32Array {
    return this.floats(row).subarray(this.at(row), this.at(row) + this.cells);
  }

  settle(): void {
    this.#ids.settle();
    this.#rows.settle();
    this.history.settle();
    this.#forgotten.clear();
  }

  rollBack(): void {
    this.history.rollBack();
    this.#rows.rollBack();
    this.#ids.rollBack();
    this.#forgotten.clear();
  }

  /** Gives the rows' memory back; the table is of no use afterwards. */
  release(): void {
    this.#rows.release();
    this.#memory.release(this.emptyRow);
  }

  /** Between batches: drops rows not used for long from memory until `limit` are left. */
  evictDownTo(limit: number): void {
    while (this.#ids.size > limit) {
      const row = this.#ids.victim(() => true);
      if (row < 0) return;
      this.history.release(this.head(row));
      this.#ids.remove(this.idOf(row), row);
      this.#rows.free(row);
      this.settle();
      this.#evictedCount++;
    }
  }
}
