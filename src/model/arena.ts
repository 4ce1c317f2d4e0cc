/**
 * Rows of 32-bit cells in chunks that never move, with before-images: everything changed since the last `settle` can be
 * put back exactly, bit for bit (nothing is subtracted). Both views of a chunk show the same cells.
 *
 * A batch runs from one `settle` or `rollBack` to the next. Rows freed in a batch are reused only after it is settled.
 */
import { maxBlockCells, plainRows, type Address, type Block, type RowMemory } from '../kernel/row-memory.ts';

/** Chunks have this many rows, or fewer where rows are so long that a block would not hold them. */
const usualChunkShift = 10;
/** Rows that there is always room to undo; what one large batch needed beyond `roomyBatch` is given back after it. */
const firstRoom = 256;
const roomyBatch = 16_384;

export class Arena {
  readonly stride: number;
  readonly #memory: RowMemory;
  readonly #chunkShift: number;
  readonly #chunkMask: number;
  readonly #blocks: Block[] = [];
  readonly #f32: Float32Array[] = [];
  readonly #u32: Uint32Array[] = [];
  /** 1 for rows whose before-image is kept in this batch. */
  readonly #touchedMarks: Uint8Array[] = [];
  #capacity = 0;
  #next = 0;
  /** First rows of what can be used again, by how many rows there are side by side. */
  readonly #free: (number[] | undefined)[] = [];
  /** First row and count, in turn. */
  readonly #freedInBatch: number[] = [];
  readonly #allocatedInBatch: number[] = [];
  #touched = new Int32Array(firstRoom);
  #touchedCount = 0;
  #before: Uint32Array;

  /** `memory`: where kernels shall reach the rows. */
  constructor(stride: number, memory: RowMemory = plainRows) {
    this.stride = stride;
    this.#memory = memory;
    let shift = usualChunkShift;
    while (stride << shift > maxBlockCells && shift > 0) shift--;
    this.#chunkShift = shift;
    this.#chunkMask = (1 << shift) - 1;
    this.#before = new Uint32Array(firstRoom * stride);
  }

  /** The chunk that holds a row; the row begins at `at(row)`. */
  floats(row: number): Float32Array {
    return this.#f32[row >> this.#chunkShift]!;
  }

  /** The same as halves: the row begins at twice `at(row)`. */
  shorts(row: number): Int16Array {
    return this.#blocks[row >> this.#chunkShift]!.shorts;
  }

  words(row: number): Uint32Array {
    return this.#u32[row >> this.#chunkShift]!;
  }

  at(row: number): number {
    return (row & this.#chunkMask) * this.stride;
  }

  /** Where kernels find the row. */
  address(row: number): Address {
    return this.#blocks[row >> this.#chunkShift]!.address + (row & this.#chunkMask) * this.stride;
  }

  /** Rows of zeros side by side, at most as many as a chunk has; returns the first. */
  allocate(count = 1): number {
    const reused = this.#free[count]?.pop();
    const first = reused ?? this.#nextRows(count);
    this.reserve(first + count - 1);
    if (reused !== undefined) {
      const at = this.at(first);
      this.words(first).fill(0, at, at + count * this.stride);
    }
    this.#allocatedInBatch.push(first, count);
    return first;
  }

  /** Makes sure that a row exists, for arenas whose row numbers are given by another one. New cells are zero. */
  reserve(row: number): void {
    while (row >= this.#capacity) {
      const rows = this.#chunkMask + 1;
      const block = this.#memory.allocate(rows * this.stride);
      this.#blocks.push(block);
      this.#f32.push(block.floats);
      this.#u32.push(block.words);
      this.#touchedMarks.push(new Uint8Array(rows));
      this.#capacity += rows;
    }
  }

  /** `count`: as many as were allocated together. */
  free(first: number, count = 1): void {
    this.#freedInBatch.push(first, count);
  }

  isTouched(row: number): boolean {
    return this.#touchedMarks[row >> this.#chunkShift]![row & this.#chunkMask] === 1;
  }

  /** Call before the first change of a row in a batch: keeps its before-image. Cheap when repeated. */
  touch(row: number): void {
    const marks = this.#touchedMarks[row >> this.#chunkShift]!;
    const mark = row & this.#chunkMask;
    if (marks[mark] === 1) return;
    marks[mark] = 1;
    if (this.#touchedCount === this.#touched.length) this.#growBefore();
    const from = this.words(row);
    const start = this.at(row);
    const to = this.#touchedCount * this.stride;
    for (let i = 0; i < this.stride; i++) this.#before[to + i] = from[start + i]!;
    this.#touched[this.#touchedCount++] = row;
  }

  get touchedCount(): number {
    return this.#touchedCount;
  }

  /** The i-th row touched in this batch, in the order of first touches. */
  touchedRow(i: number): number {
    return this.#touched[i]!;
  }

  /** Before-image of the i-th touched row: cells `i * stride` on. */
  beforeImages(): Float32Array {
    return new Float32Array(this.#before.buffer, 0, this.#touchedCount * this.stride);
  }

  /** The batch is durable: forgets the before-images. */
  settle(): void {
    this.#clearMarks();
    this.#useAgain(this.#freedInBatch);
    this.#allocatedInBatch.length = 0;
  }

  /** The batch never happened: every touched row has its former cells again, bit for bit. */
  rollBack(): void {
    for (let i = 0; i < this.#touchedCount; i++) {
      const row = this.#touched[i]!;
      this.words(row).set(this.#before.subarray(i * this.stride, (i + 1) * this.stride), this.at(row));
    }
    this.#clearMarks();
    this.#useAgain(this.#allocatedInBatch);
    this.#freedInBatch.length = 0;
  }

  /** Gives all rows back; the arena is of no use afterwards. */
  release(): void {
    for (const block of this.#blocks) this.#memory.release(block);
    this.#blocks.length = 0;
    this.#f32.length = 0;
    this.#u32.length = 0;
  }

  /** Rows that were never used: all in one chunk; what that leaves over of the last one goes to those who want single rows. */
  #nextRows(count: number): number {
    const left = this.#chunkMask + 1 - (this.#next & this.#chunkMask);
    if (count > left) {
      this.reserve(this.#next);
      for (let row = this.#next; row < this.#next + left; row++) (this.#free[1] ??= []).push(row);
      this.#next += left;
    }
    const first = this.#next;
    this.#next += count;
    return first;
  }

  #useAgain(rows: number[]): void {
    for (let i = 0; i < rows.length; i += 2) (this.#free[rows[i + 1]!] ??= []).push(rows[i]!);
    rows.length = 0;
  }

  #clearMarks(): void {
    for (let i = 0; i < this.#touchedCount; i++) {
      const row = this.#touched[i]!;
      this.#touchedMarks[row >> this.#chunkShift]![row & this.#chunkMask] = 0;
    }
    this.#touchedCount = 0;
    if (this.#touched.length > roomyBatch) {
      this.#touched = new Int32Array(firstRoom);
      this.#before = new Uint32Array(firstRoom * this.stride);
    }
  }

  #growBefore(): void {
    const rows = this.#touched.length * 2;
    const touched = new Int32Array(rows);
    touched.set(this.#touched);
    this.#touched = touched;
    const before = new Uint32Array(rows * this.stride);
    before.set(this.#before);
    this.#before = before;
  }
}
