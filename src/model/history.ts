/**
 * The ratings that each user is remembered by: a ring of at most `limit` slots a user, in chained blocks of four, so
 * that a user of three ratings costs one block and a checkpoint writes only the blocks that changed.
 *
 * A slot is four words: item row + 1 (0: empty); seconds since 1970; rating and weight; what the rating added to the
 * user's and to the item's residual sum. The residuals are quantized before they are added, so that a withdrawn rating
 * is taken out of the sums exactly.
 */
import { Arena } from './arena.ts';

export const slotsPerBlock = 4;
const wordsPerSlot = 4;
const nextCell = slotsPerBlock * wordsPerSlot;

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

  constructor(limit: number, pin: (itemRow: number, count: 1 | -1) => void) {
    this.limit = Math.ceil(limit / slotsPerBlock) * slotsPerBlock;
    this.#pin = pin;
  }

  /** Blocks of a full history. */
  get blockCount(): number {
    return this.limit / slotsPerBlock;
  }

  /** The block row that holds a slot of the chain that begins at `head` (row + 1), or -1 when the chain is shorter. */
  blockOf(head: number, slot: number): number {
    let block = head - 1;
    for (let hops = slot >> 2; hops > 0 && block >= 0; hops--) block = this.#nextOf(block);
    return block;
  }

  /** Reads a slot into `into`; false when it is empty. */
  read(head: number, slot: number, into: Slot): boolean {
    return this.readIn(this.blockOf(head, slot), slot, into);
  }

  /** The blocks of a chain, in order; `into` has `blockCount`. Returns how many: what is read slot by slot walks the chain once. */
  blocksOf(head: number, into: Int32Array): number {
    let count = 0;
    for (let block = head - 1; block >= 0; block = this.#nextOf(block)) into[count++] = block;
    return count;
  }

  /** `read` where the slot's block is known; -1: there is none. */
  readIn(block: number, slot: number, into: Slot): boolean {
    if (block < 0) return false;
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3) * wordsPerSlot;
    const itemRow = words[at]! - 1;
    if (itemRow < 0) return false;
    const packed = words[at + 2]!;
    const residuals = words[at + 3]!;
    into.itemRow = itemRow;
    into.seconds = words[at + 1]!;
    into.rating = 1 + (packed & 0xffff) * ratingUnit;
    into.weight = (packed >>> 16) * weightUnit;
    into.userResidual = ((residuals << 16) >> 16) * residualUnit;
    into.itemResidual = (residuals >> 16) * residualUnit;
    return true;
  }

  /** Seconds of a slot's rating; -1 when it is empty. */
  secondsOf(head: number, slot: number): number {
    const block = this.blockOf(head, slot);
    if (block < 0) return -1;
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3) * wordsPerSlot;
    return words[at] === 0 ? -1 : words[at + 1]!;
  }

  /** The slot that remembers an item, or -1. */
  find(head: number, itemRow: number): number {
    let slot = 0;
    for (let block = head - 1; block >= 0; block = this.#nextOf(block)) {
      const words = this.#blocks.words(block);
      const at = this.#blocks.at(block);
      for (let i = 0; i < slotsPerBlock; i++, slot++) if (words[at + i * wordsPerSlot] === itemRow + 1) return slot;
    }
    return -1;
  }

  /**
   * Writes a slot, in a new block when the chain ends before it; what stood there is forgotten. Returns the head, which
   * is new for a user's first rating.
   */
  write(userRow: number, head: number, slot: number, entry: Readonly<Slot>): number {
    const newHead = head === 0 ? this.#blocks.allocate() + 1 : head;
    const block = this.#reach(userRow, newHead, slot >> 2);
    this.#touch(userRow, block, slot >> 2);
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3) * wordsPerSlot;
    if (words[at]! > 0) this.#pin(words[at]! - 1, -1);
    this.#pin(entry.itemRow, 1);
    words[at] = entry.itemRow + 1;
    words[at + 1] = entry.seconds;
    words[at + 2] = Math.round((entry.rating - 1) / ratingUnit) | (Math.round(entry.weight / weightUnit) << 16);
    words[at + 3] =
      (Math.round(entry.userResidual / residualUnit) & 0xffff) | (Math.round(entry.itemResidual / residualUnit) << 16);
    return newHead;
  }

  clear(userRow: number, head: number, slot: number): void {
    const block = this.blockOf(head, slot);
    if (block < 0) return;
    this.#touch(userRow, block, slot >> 2);
    const words = this.#blocks.words(block);
    const at = this.#blocks.at(block) + (slot & 3) * wordsPerSlot;
    if (words[at]! > 0) this.#pin(words[at]! - 1, -1);
    words.fill(0, at, at + wordsPerSlot);
  }

  /** User row and block number of every block changed in this batch, each once. */
  *touchedBlocks(): Generator<[userRow: number, blockNumber: number]> {
    for (let i = 0; i < this.#touchedUsers.length; i++) yield [this.#touchedUsers[i]!, this.#touchedNumbers[i]!];
  }

  /** Gives a user's whole chain back, unpinned. With undo inside a batch; at once between batches, after `settle`. */
  release(head: number): void {
    for (let block = head - 1; block >= 0;) {
      const next = this.#nextOf(block);
      this.#blocks.touch(block);
      const words = this.#blocks.words(block);
      const at = this.#blocks.at(block);
      for (let i = 0; i < slotsPerBlock; i++) {
        if (words[at + i * wordsPerSlot]! > 0) this.#pin(words[at + i * wordsPerSlot]! - 1, -1);
        words[at + i * wordsPerSlot] = 0;
      }
      this.#blocks.free(block);
      block = next;
    }
  }

  settle(): void {
    this.#blocks.settle();
    this.#forgetTouched();
  }

  rollBack(): void {
    const before = new Uint32Array(this.#blocks.beforeImages().buffer);
    for (let i = 0; i < this.#blocks.touchedCount; i++) {
      const block = this.#blocks.touchedRow(i);
      const words = this.#blocks.words(block);
      const at = this.#blocks.at(block);
      for (let cell = 0; cell < nextCell; cell += wordsPerSlot) {
        const now = words[at + cell]!;
        const then = before[i * this.#blocks.stride + cell]!;
        if (now > 0) this.#pin(now - 1, -1);
        if (then > 0) this.#pin(then - 1, 1);
      }
    }
    this.#blocks.rollBack();
    this.#forgetTouched();
  }

  #nextOf(block: number): number {
    return this.#blocks.words(block)[this.#blocks.at(block) + nextCell]! - 1;
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

  /** The block of that number in the chain that begins at `head`; blocks are appended until it is there. */
  #reach(userRow: number, head: number, blockNumber: number): number {
    let block = head - 1;
    for (let number = 0; number < blockNumber; number++) {
      let next = this.#nextOf(block);
      if (next < 0) {
        next = this.#blocks.allocate();
        this.#touch(userRow, block, number);
        this.#blocks.words(block)[this.#blocks.at(block) + nextCell] = next + 1;
      }
      block = next;
    }
    return block;
  }
}
