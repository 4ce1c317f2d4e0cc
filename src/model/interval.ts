/**
 * The 80 % interval around a prediction: ŷ ± z σ, σ² the running variance of the published error among ratings with
 * about as much known of user and item.
 *
 * z follows the stream [Gibbs21, eq. 2]: a rating outside moves it up by 0.8 γ, one inside down by 0.2 γ, so that in the
 * long run four in five ratings lie inside whatever the distribution, rounded ratings included.
 */
import type { SharedSums } from './shared-sums.ts';

const levels = 5;
const bins = levels * levels;
/** Cells in the shared sums: squared errors, then weights, by bin. */
export const intervalCells = 2 * bins;

const coverage = 0.8;
const step = 0.02;
/** z of a normal distribution, to begin with. */
const firstZ = 1.28;
const priorVariance = 1;
const priorWeight = 5;

/** Stored with the task: how far z has moved from its first value. */
export const intervalStateCells = 1;

export class Interval {
  readonly #sums: SharedSums;
  readonly #at: number;
  readonly #state: Float64Array;

  constructor(sums: SharedSums, at: number, state: Float64Array) {
    this.#sums = sums;
    this.#at = at;
    this.#state = state;
  }

  /** Half the interval's width. */
  halfWidth(userCount: number, itemCount: number): number {
    const cell = this.#at + binOf(userCount, itemCount);
    const variance = (priorVariance * priorWeight + this.#sums.at(cell)) / (priorWeight + this.#sums.at(cell + bins));
    return (firstZ + this.#state[0]!) * Math.sqrt(Math.max(variance, 0));
  }

  learn(userCount: number, itemCount: number, error: number, halfWidth: number): void {
    const cell = this.#at + binOf(userCount, itemCount);
    const { own } = this.#sums;
    own[cell] = own[cell]! + error * error;
    own[cell + bins] = own[cell + bins]! + 1;
    const outside = Math.abs(error) > halfWidth;
    const z = firstZ + this.#state[0]! + step * ((outside ? 1 : 0) - (1 - coverage));
    this.#state[0] = Math.min(10, Math.max(0.01, z)) - firstZ;
  }
}

/** 0, 1-3, 4-15, 16-63, 64 and more. */
function levelOf(count: number): number {
  return count < 1 ? 0 : count < 4 ? 1 : count < 16 ? 2 : count < 64 ? 3 : 4;
}

const binOf = (userCount: number, itemCount: number): number => levelOf(userCount) * levels + levelOf(itemCount);
