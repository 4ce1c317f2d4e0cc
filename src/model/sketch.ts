/**
 * Who rated an item, in a few hundred small numbers: every user has signs (+1 or -1) that follow from the id, and an
 * item's sketch is the sum of its raters' signs. The dot product of two sketches, divided by their width, estimates how
 * many raters the items have in common, with an error of sqrt(n m / width) [Alon99]. Sums of signs add up across
 * tasks and can be taken back exactly.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Block } from '../kernel/row-memory.ts';
import type { ItemContribution } from './item-contribution.ts';
import { itemField, sketchAt } from './row-layout.ts';
import { fillSigns, hashId } from '../kernel/seeded.ts';
import type { LearnerSettings } from './settings.ts';

/** Apart from the seeds of factors. */
const signSeed = 0x5eed;

export class Sketches {
  readonly #kernel: Kernel;
  readonly #own: ItemContribution;
  readonly #signs: Block;
  readonly #k: number;
  readonly #width: number;
  readonly #seed: number;

  constructor({ k, sketchWidth, seed }: LearnerSettings, kernel: Kernel, own: ItemContribution) {
    this.#kernel = kernel;
    this.#own = own;
    this.#k = k;
    this.#width = sketchWidth;
    this.#seed = seed + signSeed;
    this.#signs = kernel.memory.allocate(sketchWidth / 2);
  }

  /** The user is one more rater of the item; with -1 one less. */
  add(itemRow: number, userId: string, sign: 1 | -1): void {
    fillSigns(this.#signs.shorts, this.#width, hashId(userId, this.#seed), sign);
    const cells = this.#own.touchSketch(itemRow);
    const address = this.#own.address(itemRow) + sketchAt(this.#k, this.#width);
    this.#kernel.sketchAdd(address, this.#signs.address, this.#width / 2);
    const at = this.#own.at(itemRow) + this.#k + itemField.raterCount;
    cells[at] = cells[at]! + sign;
  }

  release(): void {
    this.#kernel.memory.release(this.#signs);
  }
}
