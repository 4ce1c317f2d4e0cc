/**
 * Row memory made of ordinary array buffers, for the plain kernel. Its addresses are not contiguous: the upper bits are
 * the number of the block, the lower sixteen the cell in it.
 */
import { RowMemoryFullError } from '../errors.ts';
import { viewBlock, wholeCells, type Block, type RowMemory } from './row-memory.ts';

export const cellBits = 16;
export const cellMask = (1 << cellBits) - 1;
/** So that addresses are 31-bit integers. */
const maxBlocks = 1 << 15;

const nothing = viewBlock(new ArrayBuffer(0), 0, 0, 0);

export class HeapMemory implements RowMemory {
  /** By block number. */
  readonly floats: Float32Array[] = [nothing.floats];
  readonly doubles: Float64Array[] = [nothing.doubles];
  readonly shorts: Int16Array[] = [nothing.shorts];
  readonly words: Uint32Array[] = [nothing.words];
  readonly #free: number[] = [];

  allocate(cells: number): Block {
    const number = this.#free.pop() ?? this.floats.length;
    if (number >= maxBlocks) {
      throw new RowMemoryFullError(
        `The plain kernel's row memory has all of its ${maxBlocks} blocks in use. Lower --max-users or --max-items.`,
        { blocks: maxBlocks },
      );
    }
    const whole = wholeCells(cells);
    const block = viewBlock(new ArrayBuffer(4 * whole), 0, whole, number << cellBits);
    this.#put(number, block);
    return block;
  }

  release(block: Block): void {
    const number = block.address >> cellBits;
    this.#put(number, nothing);
    this.#free.push(number);
  }

  #put(number: number, block: Block): void {
    this.floats[number] = block.floats;
    this.doubles[number] = block.doubles;
    this.shorts[number] = block.shorts;
    this.words[number] = block.words;
  }
}
