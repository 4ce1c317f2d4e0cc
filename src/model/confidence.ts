/**
 * How sure it is that a mean is above or below zero, looked at as often as one likes.
 *
 *   mean ± s √( 2 (n ρ² + 1) / (n² ρ²) · ln(1 + √(n ρ² + 1) / (2 α)) )
 *
 * n: blocks; s: deviation between block means; α: `risk`; ρ: tuned for `sharpAtBlocks`, where the bound is narrowest. It is
 * the one-sided normal-mixture bound: the chance that it is ever passed by a mean that is zero stays below α, however
 * often it is asked [Waudby24]. It holds for many blocks, hence `leastBlocks`.
 *
 * What is counted is not single differences but means of blocks of consecutive ones: a user's ratings come together
 * and err together, and the deviation between single ones would call the mean surer than it is.
 */

/** Consecutive values whose mean counts as one. */
export const blockLength = 20;

/** Means of blocks, as sums: those of several partitions add up. */
export interface BlockSums {
  readonly blocks: number;
  readonly sum: number;
  readonly squares: number;
}

export interface Bound {
  readonly mean: number;
  /** The mean is surely above the one and, as surely, below the other; infinite while there are too few blocks. */
  readonly low: number;
  readonly high: number;
}

const leastBlocks = 10;

/** Holds for all times at once: for whoever looks again and again. */
export function boundAtAnyTime(sums: BlockSums, risk: number, sharpAtBlocks: number): Bound {
  const { blocks: n } = sums;
  const l = -2 * Math.log(risk);
  const rho2 = (l + Math.log(l) + 1) / sharpAtBlocks;
  const v = n * rho2 + 1;
  return around(sums, Math.sqrt(((2 * v) / (n * n * rho2)) * Math.log(1 + Math.sqrt(v) / (2 * risk))));
}

/** Holds for whoever looks once: `deviations` of the mean on either side. */
export const boundOnce = (sums: BlockSums, deviations: number): Bound =>
  around(sums, deviations / Math.sqrt(sums.blocks));

function around({ blocks, sum, squares }: BlockSums, width: number): Bound {
  const mean = blocks === 0 ? 0 : sum / blocks;
  if (blocks < leastBlocks) return { mean, low: -Infinity, high: Infinity };
  const variance = Math.max(0, squares - blocks * mean * mean) / (blocks - 1);
  const half = Math.sqrt(variance) * width;
  return { mean, low: mean - half, high: mean + half };
}

/** Gathers values into blocks; those since the last `settle` can be taken back. */
export class Blocks implements BlockSums {
  #now = { blocks: 0, sum: 0, squares: 0, open: 0, openSum: 0 };
  #settled = { ...this.#now };

  get blocks(): number {
    return this.#now.blocks;
  }
  get sum(): number {
    return this.#now.sum;
  }
  get squares(): number {
    return this.#now.squares;
  }
  /** Values so far, the open block's included. */
  get values(): number {
    return this.#now.blocks * blockLength + this.#now.open;
  }

  add(value: number): void {
    const now = this.#now;
    now.openSum += value;
    if (++now.open < blockLength) return;
    const mean = now.openSum / blockLength;
    now.blocks++;
    now.sum += mean;
    now.squares += mean * mean;
    now.open = 0;
    now.openSum = 0;
  }

  settle(): void {
    Object.assign(this.#settled, this.#now);
  }

  rollBack(): void {
    Object.assign(this.#now, this.#settled);
  }
}

export function sumOf(parts: Iterable<BlockSums>): BlockSums {
  const total = { blocks: 0, sum: 0, squares: 0 };
  for (const { blocks, sum, squares } of parts) {
    total.blocks += blocks;
    total.sum += sum;
    total.squares += squares;
  }
  return total;
}
