/**
 * The ratings that each user is remembered by: a ring of at most `limit` slots a user, in blocks of four, so that a user of
 * three ratings costs one block and a checkpoint writes only the blocks that changed. Blocks lie side by side in *runs*, each
 * linked to the next: four runs of one block, four of two, then of four, of eight and so on. Looking through a history is
 * then a wait for memory for every run and not for every block, and at most a third of it is empty.
 *
 * A slot is four words: item row + 1 (0: empty); seconds since 1970; rating and weight; what the rating added to the
 * user's and to the item's residual sum. The residuals are quantized before they are added, so that a withdrawn rating
 * is taken out of the sums exactly.
 */
import { Arena } from './arena.ts';

export const slotsPerBlock = 4;
const wordsPerSlot = 4;
/** Words of a block: the first of each slot, then the second of each, so that what items are there is read from side to side. */
const [secondsAt, ratingAt, residualsAt] = [slotsPerBlock, 2 * slotsPerBlock, 3 * slotsPerBlock];
const nextCell = slotsPerBlock * wordsPerSlot;
const longestRun = 16;

/** Exact for halves, thirds, fifths, sevenths and tenths of an inner unit. */
const ratingUnit = 4 / 65520;
const weightUnit = 1 / 4096;
const residualUnit = 1 / 4096;

/** The nearest residual that a slot can hold. */
export function quantizeResidual(value: number): number {
  const steps = Math.round(value / residualUnit);
  return (steps > 32767 ? 32767 : steps < -32767 ? -32767 : steps) * residualUnit;
}

/** The nearest rating, and weight, that a slot can hold. */
export const quantizeRating = (rating: number): number => 1 + Math.round((rating - 1) / ratingUnit) * ratingUnit;
export const quantizeWeight = (weight: number): number => Math.max(1, Math.round(weight / weightUnit)) * weightUnit;

/** One slot as read: reused, so copy what you keep. */
export interface Slot {
  itemRow: number;
  seconds: number;
  /** Inner scale. */
  rating: number;
  weight: number;
  userResidual: number;
  itemResidual: number;
}

export const emptySlot = (): Slot => ({
  itemRow: -1,
  seconds: 0,
  rating: 0,
  weight: 1,
  userResidual: 0,
  itemResidual: 0,
});

export class History {
  readonly limit: number;
  readonly #blocks = new Arena(slotsPerBlock * wordsPerSlot + 1);
  readonly #touchedUsers: number[] = [];
  readonly #touchedNumbers: number[] = [];
  /** Called when a slot begins or ceases to refer to an item row: such rows must not be evicted. */
  readonly #pin: (itemRow: number, count: 1 | -1) => void;
  /** Blocks of each run of a full history. */
  readonly #runLengths: Int32Array;
  /** The run of a block, by its number; and the number of a run's first block. */
  readonly #runOf: Int32Array;
  readonly #firstOf: Int32Array;
  /** First blocks of the runs that were asked for last, as far as they were walked: a rating asks for one user's a dozen times. */
  readonly #walked: Int32Array;
  #walkedHead = 0;
  #walkedCount = 0;

  constructor(limit: number, pin: (itemRow: number, count: 1 | -1) => void) {
    this.limit = Math.ceil(limit / slotsPerBlock) * slotsPerBlock;
    this.#pin = pin;
    const lengths = runLengths(this.limit / slotsPerBlock);
    this.#runLengths = Int32Array.from(lengths);
    this.#runOf = Int32Array.from(lengths.flatMap((length, run) => Array<number>(length).fill(run)));
    this.#firstOf = this.#runLengths.map((_, run) => this.#runOf.indexOf(run));
    this.#walked = new Int32Array(lengths.length);
  }

  /** Blocks of a full history. */
  get blockCount(): number {
    return this.#runOf.length;
  }

  /** The block row that holds a slot of the history that begins at `head` (row + 1), or -1 when it is shorter. */
  blockOf(head: number, slot: number): number {
    const number = slot >> 2;
    const run = this.#runOf[number]!;
    const first = this.#runAt(head, run);
    return first < 0 ? -1 : first + number - this.#firstOf[run]!;
  }

  /** Reads a slot into `into`; false when it is empty. */
  read(head: number, slot: number, into: Slot): boolean {
    const block = this.blockOf(head, slot);
    if (block < 0) return false;
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3);
    const itemRow = words[at]! - 1;
    if (itemRow < 0) return false;
    const packed = words[at + ratingAt]!;
    const residuals = words[at + residualsAt]!;
    into.itemRow = itemRow;
    into.seconds = words[at + secondsAt]!;
    into.rating = 1 + (packed & 0xffff) * ratingUnit;
    into.weight = (packed >>> 16) * weightUnit;
    into.userResidual = ((residuals << 16) >> 16) * residualUnit;
    into.itemResidual = (residuals >> 16) * residualUnit;
    return true;
  }

  /** Item row, rating and seconds of a slot, into cell `i` of each; false when it is empty. */
  readPast(
    head: number,
    slot: number,
    { itemRows, ratings, seconds }: { itemRows: Int32Array; ratings: Float64Array; seconds: Float64Array },
    i: number,
  ): boolean {
    const block = this.blockOf(head, slot);
    if (block < 0) return false;
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3);
    if (words[at] === 0) return false;
    itemRows[i] = words[at]! - 1;
    seconds[i] = words[at + secondsAt]!;
    ratings[i] = 1 + (words[at + ratingAt]! & 0xffff) * ratingUnit;
    return true;
  }

  /** Seconds of a slot's rating; -1 when it is empty. */
  secondsOf(head: number, slot: number): number {
    const block = this.blockOf(head, slot);
    if (block < 0) return -1;
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3);
    return words[at] === 0 ? -1 : words[at + secondsAt]!;
  }

  /** The slot that remembers an item, or -1. */
  find(head: number, itemRow: number): number {
    const { stride } = this.#blocks;
    const sought = itemRow + 1;
    for (let run = 0; run < this.#runLengths.length; run++) {
      const first = this.#runAt(head, run);
      if (first < 0) return -1;
      const words = this.#blocks.words(first);
      const start = this.#blocks.at(first);
      const end = start + this.#runLengths[run]! * stride;
      for (let block = start; block < end; block += stride) {
        // All four, without a loop: no compiler unrolls it.
        if (
          words[block] !== sought &&
          words[block + 1] !== sought &&
          words[block + 2] !== sought &&
          words[block + 3] !== sought
        )
          continue;
        const number = this.#firstOf[run]! + (block - start) / stride;
        return number * slotsPerBlock + words.indexOf(sought, block) - block;
      }
    }
    return -1;
  }

  /**
   * Writes a slot, in a new run of blocks when the last one ends before it; what stood there is forgotten. Returns the head, which
   * is new for a user's first rating.
   */
  write(userRow: number, head: number, slot: number, entry: Readonly<Slot>): number {
    const newHead = head === 0 ? this.#blocks.allocate() + 1 : head;
    const block = this.#reach(userRow, newHead, slot >> 2);
    this.#touch(userRow, block, slot >> 2);
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3);
    if (words[at]! > 0) this.#pin(words[at]! - 1, -1);
    this.#pin(entry.itemRow, 1);
    words[at] = entry.itemRow + 1;
    words[at + secondsAt] = entry.seconds;
    words[at + ratingAt] = Math.round((entry.rating - 1) / ratingUnit) | (Math.round(entry.weight / weightUnit) << 16);
    words[at + residualsAt] =
      (Math.round(entry.userResidual / residualUnit) & 0xffff) | (Math.round(entry.itemResidual / residualUnit) << 16);
    return newHead;
  }

  clear(userRow: number, head: number, slot: number): void {
    const block = this.blockOf(head, slot);
    if (block < 0) return;
    this.#touch(userRow, block, slot >> 2);
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3);
    if (words[at]! > 0) this.#pin(words[at]! - 1, -1);
    for (let cell = at; cell < at + nextCell; cell += slotsPerBlock) words[cell] = 0;
  }

  /** User row and block number of every block changed in this batch, each once. */
  *touchedBlocks(): Generator<[userRow: number, blockNumber: number]> {
    for (let i = 0; i < this.#touchedUsers.length; i++) yield [this.#touchedUsers[i]!, this.#touchedNumbers[i]!];
  }

  /** Gives all of a user's blocks back, unpinned. With undo inside a batch; at once between batches, after `settle`. */
  release(head: number): void {
    for (let run = 0, first = this.#runAt(head, 0); first >= 0; first = this.#runAt(head, ++run)) {
      for (let block = first; block < first + this.#runLengths[run]!; block++) this.#empty(block);
      this.#blocks.free(first, this.#runLengths[run]);
    }
    this.#walkedHead = 0;
  }

  settle(): void {
    this.#blocks.settle();
    this.#forgetTouched();
  }

  rollBack(): void {
    this.#walkedHead = 0;
    const before = new Uint32Array(this.#blocks.beforeImages().buffer);
    for (let i = 0; i < this.#blocks.touchedCount; i++) {
      const block = this.#blocks.touchedRow(i);
      const words = this.#blocks.words(block);
      const at = this.#blocks.at(block);
      for (let cell = 0; cell < slotsPerBlock; cell++) {
        const now = words[at + cell]!;
        const then = before[i * this.#blocks.stride + cell]!;
        if (now > 0) this.#pin(now - 1, -1);
        if (then > 0) this.#pin(then - 1, 1);
      }
    }
    this.#blocks.rollBack();
    this.#forgetTouched();
  }

  #empty(block: number): void {
    this.#blocks.touch(block);
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block);
    for (let cell = at; cell < at + slotsPerBlock; cell++) if (words[cell]! > 0) this.#pin(words[cell]! - 1, -1);
    words.fill(0, at, at + nextCell);
  }

  /** First block of a run, or -1 when the history that begins at `head` has no such run. */
  #runAt(head: number, run: number): number {
    if (head === 0 || run >= this.#walked.length) return -1;
    if (head !== this.#walkedHead) {
      this.#walkedHead = head;
      this.#walked[0] = head - 1;
      this.#walkedCount = 1;
    }
    while (this.#walkedCount <= run) {
      const last = this.#walked[this.#walkedCount - 1]!;
      const next = this.#blocks.words(last)[this.#blocks.at(last) + nextCell]! - 1;
      if (next < 0) return -1;
      this.#walked[this.#walkedCount++] = next;
    }
    return this.#walked[run]!;
  }

  #touch(userRow: number, block: number, blockNumber: number): void {
    if (this.#blocks.isTouched(block)) return;
    this.#blocks.touch(block);
    this.#touchedUsers.push(userRow);
    this.#touchedNumbers.push(blockNumber);
  }

  #forgetTouched(): void {
    this.#touchedUsers.length = 0;
    this.#touchedNumbers.length = 0;
  }

  /** The block of that number in the history that begins at `head`; runs are appended until it is there. */
  #reach(userRow: number, head: number, blockNumber: number): number {
    for (let run = 1; run <= this.#runOf[blockNumber]!; run++) {
      if (this.#runAt(head, run) >= 0) continue;
      const last = this.#runAt(head, run - 1);
      this.#touch(userRow, last, this.#firstOf[run - 1]!);
      this.#blocks.words(last)[this.#blocks.at(last) + nextCell] = this.#blocks.allocate(this.#runLengths[run]) + 1;
    }
    return this.blockOf(head, blockNumber * slotsPerBlock);
  }
}

/** Four runs of each length, which then doubles; the last is what is left. */
function runLengths(blockCount: number): number[] {
  const lengths: number[] = [];
  for (let left = blockCount; left > 0; left -= lengths.at(-1)!) {
    lengths.push(Math.min(left, longestRun, 1 << (lengths.length >> 2)));
  }
  return lengths;
}
