/** Operands for kernels: blocks with cells before and after that must stay as they are. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Address, Block } from '../../src/kernel/row-memory.ts';

/** float32 rounds by 6e-8 of each number. */
export const float32Ulp = 6e-8;
/** How far a float32 sum of these terms may be from the exact one; the smallest numbers are rounded more coarsely. */
export const dotBound = (products: readonly number[]): number =>
  (products.length + 2) * (float32Ulp * sum(products.map(Math.abs)) + 1e-44);
/** Rows begin anywhere in an arena. Even, so that doubles are where doubles may be. */
export const margin = 6;

export const sum = (terms: Iterable<number>): number => [...terms].reduce((total, term) => total + term, 0);

/** Lengths that no vector width divides, too. */
export const sizes = fc.integer({ min: 0, max: 67 });
const float = fc.float({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true });
const double = fc.double({ min: -2, max: 2, noNaN: true });
export const floats = (n: number) => fc.array(float, { minLength: n, maxLength: n });
export const doubles = (n: number) => fc.array(double, { minLength: n, maxLength: n });
export const rowsOf = (count: number) =>
  sizes.chain((k) => fc.tuple(...Array.from({ length: count }, () => floats(k))));

/** An operand and the margins around it. */
export interface Operand {
  readonly block: Block;
  readonly address: Address;
  /** The operand's own elements, as they are now. */
  now(): number[];
  /** The margins, which nobody may write. */
  isWithinMargins(): void;
}

const filler = 0x7f000001;

export class Operands {
  readonly #kernel: Kernel;
  readonly #all: Operand[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  floats(values: readonly number[]): Operand {
    return this.#put(values.length, 1, (block) => block.floats, values);
  }

  doubles(values: readonly number[]): Operand {
    return this.#put(2 * values.length, 2, (block) => block.doubles, values);
  }

  shorts(values: readonly number[]): Operand {
    return this.#put(values.length / 2, 0.5, (block) => block.shorts, values);
  }

  words(values: readonly number[]): Operand {
    return this.#put(values.length, 1, (block) => block.words, values);
  }

  /** Checks all margins, and gives the memory back. */
  finish(): void {
    for (const operand of this.#all) {
      operand.isWithinMargins();
      this.#kernel.memory.release(operand.block);
    }
    this.#all.length = 0;
  }

  #put(
    cells: number,
    cellsEach: number,
    view: (block: Block) => { [index: number]: number; length: number },
    values: readonly number[],
  ): Operand {
    const block = this.#kernel.memory.allocate(cells + 2 * margin);
    block.words.fill(filler);
    const from = margin / cellsEach;
    values.forEach((value, i) => (view(block)[from + i] = value));
    const operand = {
      block,
      address: block.address + margin,
      now: () => Array.from({ length: values.length }, (_, i) => view(block)[from + i]!),
      isWithinMargins() {
        const outside = [...block.words].filter((_, i) => i < margin || i >= margin + cells);
        expect(outside.every((word) => word === filler)).toBe(true);
      },
    };
    this.#all.push(operand);
    return operand;
  }
}
