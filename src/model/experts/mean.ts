/**
 * The mean of all ratings so far: the first baseline.
 *
 *   ȳ = (m + Σ w y) / (1 + Σ w),  m the middle of the scale
 *
 * Unknown user or item: the same answer. Nothing random.
 */
import type { Moment } from '../moment.ts';
import type { SharedSums } from '../shared-sums.ts';
import type { Expert } from './expert.ts';

const middle = 3;
/** Cells in the shared sums. */
export const meanCells = 2;

export class MeanExpert implements Expert {
  readonly name = 'mean';
  readonly #sums: SharedSums;
  readonly #at: number;

  constructor(sums: SharedSums, at: number) {
    this.#sums = sums;
    this.#at = at;
  }

  predict(moment: Moment): number {
    moment.mean = (middle + this.#sums.at(this.#at)) / (1 + this.#sums.at(this.#at + 1));
    return moment.mean;
  }

  learn(moment: Moment, rating: number): void {
    this.add(rating, moment.weight);
  }

  /** A negative weight takes a rating out again. */
  add(rating: number, weight: number): void {
    const { own } = this.#sums;
    own[this.#at] = own[this.#at]! + rating * weight;
    own[this.#at + 1] = own[this.#at + 1]! + weight;
  }
}
