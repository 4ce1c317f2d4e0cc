/** Tables of numbers where kernels reach them. Blocks are all of one size, so that the next network uses them again. */
import { ArtifactError } from '../../errors.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { maxBlockCells, type Address, type Block } from '../../kernel/row-memory.ts';
import type { Steps } from '../steps.ts';
import type { Tensor } from './tensor.ts';

/** Rows that are made in one step. */
export const stepRows = 256;

export class Rows {
  readonly count: number;
  readonly stride: number;
  readonly #kernel: Kernel;
  /** Rows of a block: two to this power. */
  readonly #shift: number;
  readonly #blocks: Block[] = [];

  /** Zeros. A stride that is a multiple of four keeps rows on boundaries of 16 bytes. */
  constructor(kernel: Kernel, count: number, stride: number) {
    if (stride > maxBlockCells) throw tooWide(stride);
    this.count = count;
    this.stride = stride;
    this.#kernel = kernel;
    this.#shift = Math.floor(Math.log2(maxBlockCells / stride));
    for (let row = 0; row < count; row += 1 << this.#shift) this.#blocks.push(kernel.memory.allocate(maxBlockCells));
  }

  address(row: number): Address {
    return this.#blocks[row >> this.#shift]!.address + (row & ((1 << this.#shift) - 1)) * this.stride;
  }

  /** The row's cells, as a view: not for the hot path. */
  cells(row: number): Float32Array {
    const at = (row & ((1 << this.#shift) - 1)) * this.stride;
    return this.#blocks[row >> this.#shift]!.floats.subarray(at, at + this.stride);
  }

  release(): void {
    for (const block of this.#blocks) this.#kernel.memory.release(block);
    this.#blocks.length = 0;
  }
}

/** The rows of a tensor [rows, ...], each padded with zeros to `stride` cells. */
export function* rowsOf(kernel: Kernel, { shape, data }: Tensor, stride?: number): Steps<Rows> {
  const count = shape[0]!;
  const width = count === 0 ? 1 : data.length / count;
  const rows = new Rows(kernel, count, stride ?? (width + 3) & ~3);
  for (let row = 0; row < count; row++) {
    if (row % stepRows === 0) yield;
    rows.cells(row).set(data.subarray(row * width, (row + 1) * width));
  }
  return rows;
}

/** All numbers of a layer in one block. */
export function layerOf(kernel: Kernel, data: ArrayLike<number>): Block {
  if (data.length > maxBlockCells) throw tooWide(data.length);
  const block = kernel.memory.allocate(data.length);
  block.floats.set(data);
  return block;
}

const tooWide = (cells: number): ArtifactError =>
  new ArtifactError(
    `A layer, or a row, of ${cells} numbers cannot serve: it has to fit into ${maxBlockCells}. Train with smaller layers.`,
    { cells, maxCells: maxBlockCells },
  );
