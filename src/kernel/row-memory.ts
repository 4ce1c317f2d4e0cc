/**
 * Where rows and everything else that kernels work on live: blocks of 32-bit cells that never move. An *address* is the
 * number of a cell; kernels take addresses, everybody else the views of a block.
 */
export type Address = number;

/** Views of the same cells. A block begins on a boundary of 16 bytes. */
export interface Block {
  readonly address: Address;
  readonly floats: Float32Array;
  readonly words: Uint32Array;
  /** Half as many as cells. */
  readonly doubles: Float64Array;
  /** Twice as many as cells. */
  readonly shorts: Int16Array;
}

export interface RowMemory {
  /** Cells of zeros, at most `maxBlockCells`; there is never a block at address 0. */
  allocate(cells: number): Block;
  /** Nobody may use the block any more: its cells are given to others. */
  release(block: Block): void;
}

export const maxBlockCells = 65_536;

/** Address and offset of a cell of doubles: two cells each. */
export const doubleAt = (block: Block, index: number): Address => block.address + 2 * index;

/** Blocks whose length is rounded up to a multiple of 16 bytes. */
export const wholeCells = (cells: number): number => (cells + 3) & ~3;

export function viewBlock(buffer: ArrayBufferLike, byteOffset: number, cells: number, address: Address): Block {
  return {
    address,
    floats: new Float32Array(buffer, byteOffset, cells),
    words: new Uint32Array(buffer, byteOffset, cells),
    doubles: new Float64Array(buffer, byteOffset, cells >> 1),
    shorts: new Int16Array(buffer, byteOffset, 2 * cells),
  };
}

/** Memory for rows that no kernel looks at: it has no addresses, and the garbage collector takes it back. */
export const plainRows: RowMemory = {
  allocate: (cells) => viewBlock(new ArrayBuffer(4 * wholeCells(cells)), 0, wholeCells(cells), 0),
  release: () => undefined,
};
