/**
 * The 80 % interval around a prediction: the shortest stretch between two ratings that people give, made longer up to ŷ where
 * that is not inside, which holds nine tenths of
 *
 *   P(v | ŷ) ∝ n_v exp(-(v - ŷ)² / 2 (z σ)²)
 *
 * v: ratings given so far (in classes, which on a continuous scale hold many), n_v: how often; σ²: the running variance of the
 * published error among ratings with about as much known of user and item. From 3 to 4 stars holds what 2.6 to 4.4 would hold,
 * and more than 3.5 to 4.5 where most people give whole stars.
 *
 * z follows the stream [Gibbs21, eq. 2]: a rating outside moves it up by 0.8 γ, one inside down by 0.2 γ, so that in the
 * long run four in five ratings lie inside whatever the distribution. With a tenth of P outside, z is below 1, and what P says
 * of the tails hardly matters.
 */
import { clipInner, innerScale } from './scale.ts';
import type { SharedSums } from './shared-sums.ts';

const levels = 5;
const bins = levels * levels;
/** Around 1, 1.125, 1.25 ... 5 on the inner scale: no two levels of a scale with up to 30 of them share a class. */
const classes = 33;
const classWidth = (innerScale.hi - innerScale.lo) / (classes - 1);
/** In the shared sums: squared errors, then weights, by bin; by class: ratings, sum of their distances from its middle, of the squares. */
export const intervalCells = 2 * bins + 3 * classes;

const coverage = 0.8;
const step = 0.02;
const heldShare = 0.9;
const [leastZ, mostZ] = [0.01, 10];
const priorVariance = 1;
const priorWeight = 5;
/** Before so many ratings it is not known which values people give: ŷ ± 1.28 σ, as for a normal distribution. */
const knownAfter = 50;
const normalZ = 1.28;
/** Values that differ by less are the same. */
const tolerance = 1e-6;

/** Stored with the task: how far z has moved from 1. */
export const intervalStateCells = 1;

export class Interval {
  readonly #sums: SharedSums;
  readonly #at: number;
  readonly #valuesAt: number;
  readonly #state: Float64Array;
  /** Classes with ratings, ascending: of a scale of whole stars, five of all these. */
  readonly #given = new Uint8Array(classes);
  #givenCount = 0;
  /** Of the sums, when the classes were looked through. */
  #revision = -1;
  /** By class with ratings: the least and the greatest, and its chance before they are made to add up to one. */
  readonly #least = new Float64Array(classes);
  readonly #greatest = new Float64Array(classes);
  readonly #chances = new Float64Array(classes);
  /** The interval of the last `around`. */
  low: number = innerScale.lo;
  high: number = innerScale.hi;

  constructor(sums: SharedSums, at: number, state: Float64Array) {
    this.#sums = sums;
    this.#at = at;
    this.#valuesAt = at + 2 * bins;
    this.#state = state;
  }

  /** Sets `low` and `high`, which hold `prediction` (inner scale). */
  around(prediction: number, userCount: number, itemCount: number): void {
    const cell = this.#at + binOf(userCount, itemCount);
    const variance = (priorVariance * priorWeight + this.#sums.at(cell)) / (priorWeight + this.#sums.at(cell + bins));
    const deviation = Math.sqrt(Math.max(variance, 0));
    if (this.#shortest(prediction, deviation)) return;
    this.low = clipInner(prediction - normalZ * deviation);
    this.high = clipInner(prediction + normalZ * deviation);
  }

  /** Learns from a rating for which `around` was asked last. */
  learn(prediction: number, userCount: number, itemCount: number, rating: number): void {
    const cell = this.#at + binOf(userCount, itemCount);
    const { own } = this.#sums;
    own[cell] = own[cell]! + (rating - prediction) ** 2;
    own[cell + bins] = own[cell + bins]! + 1;
    const outside = isInside(rating, this) ? 0 : 1;
    const z = 1 + this.#state[0]! + step * (outside - (1 - coverage));
    this.#state[0] = Math.min(mostZ, Math.max(leastZ, z)) - 1;
    const number = Math.round((clipInner(rating) - innerScale.lo) / classWidth);
    const distance = rating - middleOf(number);
    const value = this.#valuesAt + number;
    own[value] = own[value]! + 1;
    own[value + classes] = own[value + classes]! + distance;
    own[value + 2 * classes] = own[value + 2 * classes]! + distance * distance;
    // The first of this task in its class: perhaps the first of all.
    if (own[value] < 2) this.#revision = -1;
  }

  /** False when it cannot be told yet. */
  #shortest(prediction: number, deviation: number): boolean {
    if (this.#revision !== this.#sums.revision) this.#lookThroughClasses();
    const least = this.#least;
    const greatest = this.#greatest;
    const chances = this.#chances;
    const { own, rest } = this.#sums;
    const at = this.#valuesAt;
    const spread = (1 + this.#state[0]!) * deviation;
    const precision = 0.5 / (spread * spread);
    const found = this.#givenCount;
    let given = 0;
    let total = 0;
    for (let i = 0; i < found; i++) {
      const number = this.#given[i]!;
      const cell = at + number;
      const count = own[cell]! + rest[cell]!;
      const middle = middleOf(number);
      const squares = own[cell + 2 * classes]! + rest[cell + 2 * classes]!;
      // Whole stars from 1 to 5 are middles of their classes: nothing to divide.
      const mean = squares === 0 ? 0 : (own[cell + classes]! + rest[cell + classes]!) / count;
      const isOneValue = squares === 0 || squares / count - mean * mean < tolerance * tolerance;
      least[i] = isOneValue ? middle + mean : clipInner(middle - classWidth / 2);
      greatest[i] = isOneValue ? middle + mean : clipInner(middle + classWidth / 2);
      const distance = middle + mean - prediction;
      total += chances[i] = count * Math.exp(-precision * distance * distance);
      given += count;
    }
    if (given < knownAfter || total <= 0) return false;
    const asked = heldShare * total;
    let shortest = Infinity;
    let most = 0;
    for (let from = 0, to = 0, held = 0; from < found; from++) {
      while (held < asked && to < found) held += chances[to++]!;
      if (held < asked) break;
      const low = Math.min(least[from]!, prediction);
      const high = Math.max(greatest[to - 1]!, prediction);
      const width = high - low;
      if (width < shortest - tolerance || (width < shortest + tolerance && held > most)) {
        shortest = width;
        most = held;
        this.low = low;
        this.high = high;
      }
      held -= chances[from]!;
    }
    return shortest < Infinity;
  }

  #lookThroughClasses(): void {
    this.#givenCount = 0;
    for (let number = 0; number < classes; number++) {
      if (this.#sums.at(this.#valuesAt + number) >= 0.5) this.#given[this.#givenCount++] = number;
    }
    this.#revision = this.#sums.revision;
  }
}

/** Whether a rating lies in an interval, both on the inner scale: ends are ratings, but for the last bits of sums. */
export const isInside = (rating: number, { low, high }: { readonly low: number; readonly high: number }): boolean =>
  rating >= low - tolerance && rating <= high + tolerance;

/** 0, 1-3, 4-15, 16-63, 64 and more. */
function levelOf(count: number): number {
  return count < 1 ? 0 : count < 4 ? 1 : count < 16 ? 2 : count < 64 ? 3 : 4;
}

const middleOf = (classNumber: number): number => innerScale.lo + classNumber * classWidth;

const binOf = (userCount: number, itemCount: number): number => levelOf(userCount) * levels + levelOf(itemCount);
