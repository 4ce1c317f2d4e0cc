/**
 * Numbers that belong to no row and that all tasks share: the global mean, the residual variances and the stack's normal
 * equations. They are sums, so shares of tasks add up like contributions to an item: `own` is this task's share, `rest`
 * what the others' shares came to when it was last told.
 */
import { doubleAt, type Address, type Block, type RowMemory } from '../kernel/row-memory.ts';

export class SharedSums {
  readonly own: Float64Array;
  readonly rest: Float64Array;
  readonly #before: Float64Array;
  readonly #memory: RowMemory;
  readonly #block: Block;
  /** How often they were set from outside: what was made of them before is of no use then. */
  revision = 0;
  #touched = false;

  constructor(size: number, memory: RowMemory) {
    this.#memory = memory;
    this.#block = memory.allocate(2 * size);
    this.own = this.#block.doubles.subarray(0, size);
    this.rest = new Float64Array(size);
    this.#before = new Float64Array(size);
  }

  get touched(): boolean {
    return this.#touched;
  }

  /** Where kernels find a cell of `own`. */
  addressOf(cell: number): Address {
    return doubleAt(this.#block, cell);
  }

  release(): void {
    this.#memory.release(this.#block);
  }

  /** Call before the first change in a batch. */
  touch(): void {
    if (this.#touched) return;
    this.#touched = true;
    this.#before.set(this.own);
  }

  at(cell: number): number {
    return this.own[cell]! + this.rest[cell]!;
  }

  /** Sets `own` as it was stored. */
  load(own: Float64Array): void {
    this.own.set(own);
    this.revision++;
  }

  /** `rest`, empty, for the others' shares to be added to. */
  emptyRest(): Float64Array {
    this.revision++;
    return this.rest.fill(0);
  }

  settle(): void {
    this.#touched = false;
  }

  rollBack(): void {
    if (this.#touched) this.load(this.#before);
    this.#touched = false;
  }
}
