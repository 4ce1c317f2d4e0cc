/**
 * Row memory in one WebAssembly memory: kernels reach every row by its address. The memory is shared, so that growing it
 * moves nothing and detaches no view; released blocks are used again for blocks of the same length.
 */
import { RowMemoryFullError } from '../errors.ts';
import { viewBlock, wholeCells, type Block, type RowMemory } from './row-memory.ts';

const pageCells = 65_536 / 4;
/** Pages to grow by: untouched ones cost nothing. */
const growthPages = 64;
/** Most pages to ask for, which takes address space only; machines that limit it get less. */
const maximumPages = [65_536, 32_768, 8_192, 2_048];
/** Nothing is at address 0. */
const firstCell = 16;

export class LinearMemory implements RowMemory {
  readonly memory: WebAssembly.Memory;
  readonly #maximumPages: number;
  #capacity: number;
  #next = firstCell;
  readonly #free = new Map<number, Block[]>();

  constructor() {
    [this.memory, this.#maximumPages] = openMemory(maximumPages);
    this.#capacity = growthPages * pageCells;
  }

  allocate(cells: number): Block {
    const whole = wholeCells(cells);
    const used = this.#free.get(whole)?.pop();
    if (used !== undefined) {
      used.words.fill(0);
      return used;
    }
    while (this.#next + whole > this.#capacity) this.#grow();
    const block = viewBlock(this.memory.buffer, 4 * this.#next, whole, this.#next);
    this.#next += whole;
    return block;
  }

  release(block: Block): void {
    const cells = block.words.length;
    const free = this.#free.get(cells);
    if (free === undefined) this.#free.set(cells, [block]);
    else free.push(block);
  }

  #grow(): void {
    const pages = this.#capacity / pageCells;
    const more = Math.min(growthPages, this.#maximumPages - pages);
    try {
      if (more <= 0) throw new RangeError('the maximum is reached');
      this.memory.grow(more);
    } catch (error) {
      throw new RowMemoryFullError(
        `The row memory cannot grow beyond ${(pages * pageCells * 4) / 2 ** 20} MiB (at most ${(this.#maximumPages * pageCells * 4) / 2 ** 20} MiB). Lower --max-users or --max-items, give the process more memory, or start with --kernel plain, which has no such limit.`,
        { pages, maximumPages: this.#maximumPages },
        error,
      );
    }
    this.#capacity += more * pageCells;
  }
}

function openMemory(maxima: readonly number[]): [WebAssembly.Memory, number] {
  const [maximum = growthPages, ...smaller] = maxima;
  try {
    return [new WebAssembly.Memory({ initial: growthPages, maximum, shared: true }), maximum];
  } catch (error) {
    if (smaller.length === 0) throw error;
    return openMemory(smaller);
  }
}
