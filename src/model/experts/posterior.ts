/**
 * The user posterior: a Gaussian process over what the user rated lately and what is most like the item in question
 * [Rasmussen06, algorithm 2.1].
 *
 *   ŷ = ȳ + b_i + kᵀ (K + N)⁻¹ r,   σ² = k(x, x) - kᵀ (K + N)⁻¹ k
 *
 * r_a = y_a - ȳ - b_a: what mean and item biases, as they are now, leave of the user's a-th rating; K: covariances of
 * these ratings (covariance.ts), k: with the one to come; N: noise and the uncertainty of the item biases. Which ratings are
 * looked at: chosen-ratings.ts.
 * The rating to come stands behind the others as one more row, r beside them as one more column: what elimination leaves of that
 * row is σ², and -(ŷ - ȳ - b_i).
 * Learns nothing of its own: items learn who rates them (sketch.ts), users are remembered by their ratings.
 * Unknown user: mean and item bias. Unknown item: the user's level, from the latest ratings. Nothing random.
 * Departure from the book: the process is fitted to a choice of the ratings, and its parameters are fixed.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { covarianceScratchCells, paddedCount } from '../../kernel/kernel.ts';
import type { Block } from '../../kernel/row-memory.ts';
import { ChosenRatings } from '../chosen-ratings.ts';
import type { History, Slot } from '../history.ts';
import type { ItemTable } from '../item-table.ts';
import type { Moment } from '../moment.ts';
import { itemField } from '../row-layout.ts';
import type { LearnerSettings } from '../settings.ts';
import type { BiasExpert } from './bias.ts';
import { biasVariance, itemCovariance, noiseVariance, prior, priorVariance } from './covariance.ts';
import { shiftsOfEach } from './leave-one-out.ts';

/** A remembered rating, on the inner scale. */
export type PastRating = Pick<Slot, 'itemRow' | 'rating' | 'seconds'>;

/** Smallest pivot that is still believed. */
const pivotFloor = 0.05;
/** Rows of `terms`. */
const [scales, positionGaps, secondGaps, added] = [0, 1, 2, 3];

export class Posterior {
  readonly #kernel: Kernel;
  readonly #items: ItemTable;
  readonly #bias: BiasExpert;
  readonly #k: number;
  readonly #chosen: ChosenRatings;
  readonly #rootWidth: number;
  readonly #blocks: Block[] = [];
  readonly #parts: Block;
  readonly #scratch: Block;
  readonly #terms: Block;
  readonly #prior: Block;
  /** Sums of items that several tasks contribute to. */
  readonly #spare: Block;
  readonly #matrix: Block;
  readonly #stride: number;
  readonly #fields: Float32Array;
  /** r, by rating that is looked at. */
  readonly #left: Float64Array;
  /** Ratings that the last answer rests on; 0 when it is the base. */
  #used = 0;

  constructor(settings: LearnerSettings, items: ItemTable, history: History, bias: BiasExpert) {
    const { kernel } = items;
    this.#kernel = kernel;
    this.#items = items;
    this.#bias = bias;
    this.#k = settings.k;
    this.#rootWidth = Math.sqrt(settings.sketchWidth);
    this.#chosen = new ChosenRatings(settings, items, history);
    const most = this.#chosen.capacity + 1;
    this.#stride = paddedCount(most + 1);
    this.#fields = new Float32Array(items.cells);
    this.#left = new Float64Array(most);
    const allocate = (cells: number): Block => {
      const block = kernel.memory.allocate(cells);
      this.#blocks.push(block);
      return block;
    };
    this.#parts = allocate(2 * most);
    this.#scratch = allocate(covarianceScratchCells(most, items.sketchCells));
    this.#terms = allocate(4 * paddedCount(most));
    this.#prior = allocate(prior.length);
    this.#prior.floats.set(prior);
    this.#spare = allocate(most * items.cells);
    this.#matrix = allocate(most * this.#stride);
  }

  predict(moment: Moment): number {
    const chosen = this.#chosen;
    const base = moment.mean + moment.itemBias;
    this.#used = 0;
    const n = chosen.choose(moment);
    moment.posteriorAnswer = base;
    moment.posteriorVariance = priorVariance + itemCovariance(chosen.selfCosine);
    moment.posteriorMass = 0;
    if (n === 0) return base;
    this.#fill(moment, n);
    const matrix = this.#matrix;
    const width = paddedCount(n + 2);
    if (!this.#kernel.eliminate(matrix.address, n, n + 1, width, this.#stride, pivotFloor)) return base;
    const last = n * this.#stride + n;
    moment.posteriorVariance = matrix.floats[last]!;
    moment.posteriorAnswer = base - matrix.floats[last + 1]!;
    this.#used = n;
    return moment.posteriorAnswer;
  }

  /** Right after `predict`: by how much each rating that was looked at moved the answer; the latest first. */
  forEachShift(visit: (rating: Readonly<PastRating>, shift: number) => void): void {
    const { itemRows, ratings, seconds } = this.#chosen.past;
    const shifts = shiftsOfEach(this.#matrix.floats, this.#stride, this.#used);
    for (let a = this.#used - 1; a >= 0; a--) {
      const i = this.#chosen.indexes[a]!;
      visit({ itemRow: itemRows[i]!, rating: ratings[i]!, seconds: seconds[i]! }, shifts[a]!);
    }
  }

  release(): void {
    for (const block of this.#blocks) this.#kernel.memory.release(block);
    this.#chosen.release();
  }

  /** The matrix of the n chosen ratings and the one to come, and what is left of each beside it. */
  #fill(moment: Moment, n: number): void {
    const { indexes, norms, cosines, targetNorm, past } = this.#chosen;
    const terms = this.#terms.floats;
    const rows = paddedCount(n + 1);
    const right = n + 1;
    for (let a = 0; a < n; a++) {
      const i = indexes[a]!;
      const itemRow = past.itemRows[i]!;
      const seconds = past.seconds[i]!;
      const isLatest = a === n - 1;
      const next = indexes[a + 1]!;
      this.#items.partsOf(itemRow, this.#spare.address + a * this.#items.cells, this.#parts.words, 2 * a);
      this.#items.readFields(itemRow, this.#fields);
      terms[scales * rows + a] = norms[i]! / this.#rootWidth;
      terms[positionGaps * rows + a] = past.ages[i]! - (isLatest ? -1 : past.ages[next]!);
      terms[secondGaps * rows + a] = Math.abs((isLatest ? moment.seconds : past.seconds[next]!) - seconds);
      terms[added * rows + a] = noiseVariance + biasVariance(this.#fields[this.#k + itemField.weightSum]!);
      this.#left[a] = past.ratings[i]! - moment.mean - this.#bias.itemBias(this.#fields);
      const alike = itemCovariance(cosines[i]!);
      if (alike > 0) moment.posteriorMass += alike;
    }
    this.#parts.words[2 * n] = moment.itemAddress;
    this.#parts.words[2 * n + 1] = 0;
    terms[scales * rows + n] = targetNorm / this.#rootWidth;
    terms[positionGaps * rows + n] = 0;
    terms[secondGaps * rows + n] = 0;
    terms[added * rows + n] = 0;
    this.#kernel.covariances(
      this.#parts.address,
      n + 1,
      this.#items.sketchAt,
      this.#items.sketchCells,
      this.#terms.address,
      this.#prior.address,
      this.#matrix.address,
      this.#stride,
      this.#scratch.address,
    );
    const matrix = this.#matrix.floats;
    // Only now: the kernel may have written beside the triangle.
    for (let a = 0; a < n; a++) matrix[a * this.#stride + right] = this.#left[a]!;
    matrix[n * this.#stride + right] = 0;
  }
}
