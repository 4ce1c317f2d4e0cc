/**
 * The best of all items for a user, exactly: every item's bias and factors, as the sum of their parts, in one contiguous
 * copy that a kernel scans.
 *
 *   score = b_i + p_u·q_i
 *
 * A row of the copy is cut in two: a head, which is always read, and a tail, which the kernel leaves out when even the
 * longest reach of it would not bring the item among the best. That is exact: what is found is what a full scan finds.
 *
 * The copy is brought up to date before each scan, for the rows that changed since; the first scan makes all of it.
 * Changes nothing that is learned.
 */
import { boundOfNorm, headFactors, paddedCount, type Kernel } from '../kernel/kernel.ts';
import { maxBlockCells, type Block } from '../kernel/row-memory.ts';
import type { ChangedRows } from './changed-rows.ts';
import type { ItemTable } from './item-table.ts';
import { itemField } from './row-layout.ts';

/** An item row and its score. */
export interface Scored {
  readonly row: number;
  readonly score: number;
}

/** A scan at work. */
export interface Scan {
  /** Does a little, for the user's factors as they are now; false when it is done. */
  step(user: Float32Array | undefined): boolean;
  /** Once it is done, best first. */
  best(): Scored[];
}

const piecesInStep = 16;

/** Rows of one piece of the copy: their biases (-Infinity: no such item), and their factors, padded with zeros. */
interface Piece {
  readonly biases: Block;
  readonly tailNorms: Block;
  readonly heads: Block;
  readonly tails: Block;
}

export class ItemScan {
  readonly #items: ItemTable;
  readonly #kernel: Kernel;
  readonly #itemDamping: number;
  readonly #tail: number;
  readonly #pieceRows: number;
  readonly #pieces: Piece[] = [];
  readonly #item: Block;
  readonly #user: Block;
  #heap: Block;
  #changed: ChangedRows | undefined;
  #userTailNorm = 0;
  /** Rows below this are in the copy. */
  #copied = 0;

  constructor(items: ItemTable, itemDamping: number) {
    this.#items = items;
    this.#itemDamping = itemDamping;
    this.#kernel = items.kernel;
    this.#tail = Math.max(0, paddedCount(items.k) - headFactors);
    // A multiple of four, as the kernel wants it.
    this.#pieceRows = Math.min(1024, Math.floor(maxBlockCells / (4 * Math.max(headFactors, this.#tail))) * 4);
    const { memory } = this.#kernel;
    this.#item = memory.allocate(items.cells);
    this.#user = memory.allocate(headFactors + this.#tail);
    this.#heap = memory.allocate(2 * 64);
  }

  /** The `count` best items for a user's factors ([k]; none: by bias alone), best first; of equal ones the lower row. */
  best(user: Float32Array | undefined, count: number): Scored[] {
    const scan = this.begin(count);
    while (scan.step(user));
    return scan.best();
  }

  /**
   * The same step by step, so that others may run in between: some 16,000 items in a step, or 1,000 that are copied for the
   * first time. Each is seen as it is at its step.
   */
  begin(count: number): Scan {
    let found = new Uint32Array(0);
    let next = 0;
    return {
      step: (user) => {
        if (count > 0) {
          this.#setUser(user);
          const heap = this.#heapOf(count);
          heap.words.set(found);
          const end = next + piecesInStep;
          let size = found.length / 2;
          let isFirstTime = false;
          while (next < end && next < this.#pieceCount() && !isFirstTime) {
            isFirstTime = this.#refresh(next);
            size = this.#scanPiece(next++, heap, size, count);
          }
          found = heap.words.slice(0, 2 * size);
        }
        return count > 0 && next < this.#pieceCount();
      },
      best: () => sorted(found),
    };
  }

  #pieceCount(): number {
    return Math.ceil(this.#items.rowLimit / this.#pieceRows);
  }

  #setUser(user: Float32Array | undefined): void {
    if (user === undefined) this.#user.floats.fill(0);
    else this.#user.floats.set(user.subarray(0, this.#items.k));
    this.#userTailNorm = boundOfNorm(this.#user.floats, headFactors, this.#items.k);
  }

  #scanPiece(n: number, heap: Block, size: number, capacity: number): number {
    const { biases, tailNorms, heads, tails } = this.#pieces[n]!;
    return this.#kernel.topScan(
      heap.address,
      size,
      capacity,
      biases.address,
      tailNorms.address,
      heads.address,
      tails.address,
      this.#tail,
      this.#pieceRows,
      n * this.#pieceRows,
      this.#user.address,
      this.#userTailNorm,
    );
  }

  #heapOf(count: number): Block {
    if (this.#heap.words.length < 2 * count) {
      this.#kernel.memory.release(this.#heap);
      this.#heap = this.#kernel.memory.allocate(2 * count);
    }
    return this.#heap;
  }

  /** Brings the copy up to date as far as a piece reaches; true when rows of it were never copied before. */
  #refresh(piece: number): boolean {
    this.#changed ??= this.#items.watch();
    this.#changed.take((row) => {
      if (row < this.#copied) this.#copy(row);
    });
    const end = Math.min((piece + 1) * this.#pieceRows, this.#items.rowLimit);
    const isFirstTime = this.#copied < end;
    for (; this.#copied < end; this.#copied++) this.#copy(this.#copied);
    return isFirstTime;
  }

  #copy(row: number): void {
    const { k } = this.#items;
    while (row >= this.#pieces.length * this.#pieceRows) this.#addPiece();
    const { biases, tailNorms, heads, tails } = this.#pieces[Math.floor(row / this.#pieceRows)]!;
    const at = row % this.#pieceRows;
    if (!this.#items.has(row)) {
      biases.floats[at] = -Infinity;
      return;
    }
    this.#items.sumTo(row, this.#item.address);
    const sums = this.#item.floats;
    biases.floats[at] = sums[k + itemField.residualSum]! / (sums[k + itemField.weightSum]! + this.#itemDamping);
    const inHead = Math.min(headFactors, k);
    const group = (at & ~3) * headFactors + (at & 3);
    for (let f = 0; f < inHead; f++) heads.floats[group + 4 * f] = sums[f]!;
    this.#kernel.copy(tails.address + at * this.#tail, this.#item.address + inHead, k - inHead);
    tailNorms.floats[at] = boundOfNorm(sums, inHead, k);
  }

  #addPiece(): void {
    const { memory } = this.#kernel;
    const piece = {
      biases: memory.allocate(this.#pieceRows),
      tailNorms: memory.allocate(this.#pieceRows),
      heads: memory.allocate(this.#pieceRows * headFactors),
      tails: memory.allocate(this.#pieceRows * this.#tail),
    };
    piece.biases.floats.fill(-Infinity);
    this.#pieces.push(piece);
  }
}

/** Entries of a heap, the best first. */
function sorted(entries: Uint32Array): Scored[] {
  const scores = new Float32Array(entries.buffer);
  return Array.from({ length: entries.length / 2 }, (_, e) => ({
    row: entries[2 * e + 1]!,
    score: scores[2 * e]!,
  })).sort((a, b) => b.score - a.score || a.row - b.row);
}
