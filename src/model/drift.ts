/**
 * Whether a serving network has become worse than it was: its squared errors less those of the biases, on the same live
 * ratings, compared between the first ones after it was put in place and the latest. Ratings that are harder to guess are
 * harder for the biases as well, and are no drift.
 */
import { blockLength } from './confidence.ts';

export const driftRule = {
  /** Ratings of the first part, and of each later one. */
  partRatings: 4000,
  /** Deviations of the difference between the two means that count as drift. */
  deviations: 4,
} as const;

interface Part {
  blocks: number;
  sum: number;
  squares: number;
}

export class Drift {
  #first: Part | null = null;
  #latest: Part = emptyPart();
  #open = 0;
  #openSum = 0;
  #hasDrifted = false;

  /** True once a later part was worse than the first. */
  get hasDrifted(): boolean {
    return this.#hasDrifted;
  }

  /** `excess`: squared error of the network less that of the biases. */
  add(excess: number): void {
    this.#openSum += excess;
    if (++this.#open < blockLength) return;
    const mean = this.#openSum / blockLength;
    this.#open = 0;
    this.#openSum = 0;
    const part = this.#latest;
    part.blocks++;
    part.sum += mean;
    part.squares += mean * mean;
    if (part.blocks * blockLength < driftRule.partRatings) return;
    if (this.#first === null) this.#first = part;
    else if (isAbove(part, this.#first)) this.#hasDrifted = true;
    this.#latest = emptyPart();
  }
}

const emptyPart = (): Part => ({ blocks: 0, sum: 0, squares: 0 });
const meanOf = ({ sum, blocks }: Part): number => sum / blocks;
const varianceOf = (part: Part): number =>
  Math.max(0, part.squares - part.blocks * meanOf(part) ** 2) / (part.blocks - 1) / part.blocks;

const isAbove = (a: Part, b: Part): boolean =>
  meanOf(a) - meanOf(b) > driftRule.deviations * Math.sqrt(varianceOf(a) + varianceOf(b));
