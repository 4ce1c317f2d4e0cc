/**
 * The user posterior: a Gaussian process over what the user rated lately and what is most like the item in question
 * [Rasmussen06, algorithm 2.1].
 *
 *   ŷ = ȳ + b_i + kᵀ (K + N)⁻¹ r,   σ² = k(x, x) - kᵀ (K + N)⁻¹ k
 *
 * r_a = y_a - ȳ - b_a: what mean and item biases, as they are now, leave of the user's a-th rating; K: covariances of
 * these ratings (covariance.ts), k: with the one to come; N: noise and the uncertainty of the item biases. At most
 * `recentRatings` of the latest and `similarRatings` of the most similar ones before them are looked at.
 * Learns nothing of its own: items learn who rates them (sketch.ts), users are remembered by their ratings.
 * Unknown user: mean and item bias. Unknown item: the user's level, from the latest ratings. Nothing random.
 * Departure from the book: the process is fitted to a choice of the ratings, and its parameters are fixed.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { gramScratchCells, packedSize } from '../../kernel/kernel.ts';
import type { Block } from '../../kernel/row-memory.ts';
import type { History } from '../history.ts';
import type { ItemTable } from '../item-table.ts';
import type { Moment } from '../moment.ts';
import { PastRatings } from '../past-ratings.ts';
import { itemField, userField } from '../row-layout.ts';
import type { LearnerSettings } from '../settings.ts';
import { MostSimilar } from '../most-similar.ts';
import type { BiasExpert } from './bias.ts';
import {
  biasVariance,
  itemCovariance,
  levelCovariance,
  noiseVariance,
  priorVariance,
  raterDamping,
} from './covariance.ts';

/** Smallest pivot that is still believed. */
const pivotFloor = 0.05;
export class Posterior {
  readonly #kernel: Kernel;
  readonly #items: ItemTable;
  readonly #history: History;
  readonly #bias: BiasExpert;
  readonly #k: number;
  readonly #sketchCells: number;
  readonly #scale: number;
  readonly #recent: number;
  readonly #past: PastRatings;
  readonly #similar: MostSimilar;
  /** Of each rating that is looked at: its index in the past, its item's 1/sqrt(raters + damping). */
  readonly #chosen: Int32Array;
  readonly #norms: Float64Array;
  readonly #covariances: Float64Array;
  readonly #blocks: Block[] = [];
  readonly #parts: Block;
  readonly #scratch: Block;
  /** Sums of items that several tasks contribute to. */
  readonly #spare: Block;
  readonly #dots: Block;
  readonly #matrix: Block;
  readonly #right: Block;
  readonly #cross: Block;
  readonly #sums: Float32Array;

  constructor(settings: LearnerSettings, items: ItemTable, history: History, bias: BiasExpert) {
    const { kernel } = items;
    this.#kernel = kernel;
    this.#items = items;
    this.#history = history;
    this.#bias = bias;
    this.#k = settings.k;
    this.#sketchCells = settings.sketchWidth / 2;
    this.#scale = 1 / settings.sketchWidth;
    this.#recent = settings.recentRatings;
    this.#past = new PastRatings(history.limit);
    this.#similar = new MostSimilar(settings.similarRatings);
    const most = this.#recent + this.#similar.capacity;
    this.#chosen = new Int32Array(most);
    this.#norms = new Float64Array(most);
    this.#covariances = new Float64Array(most);
    this.#sums = new Float32Array(items.cells);
    const allocate = (cells: number): Block => {
      const block = kernel.memory.allocate(cells);
      this.#blocks.push(block);
      return block;
    };
    this.#parts = allocate(2 * most);
    this.#scratch = allocate(gramScratchCells(most, 0, this.#sketchCells));
    this.#spare = allocate(most * items.cells);
    this.#dots = allocate(packedSize(most));
    this.#matrix = allocate(packedSize(most));
    this.#right = allocate(most);
    this.#cross = allocate(most);
  }

  predict(moment: Moment): number {
    const base = moment.mean + moment.itemBias;
    if (moment.knownItem) this.#items.sketchTo(moment.itemRow, moment.itemAddress);
    const self = moment.knownItem ? itemCovariance(this.#selfCosine(moment)) : 0;
    moment.posteriorAnswer = base;
    moment.posteriorVariance = priorVariance + self;
    moment.posteriorMass = 0;
    if (moment.userRow < 0) return base;
    this.#past.fill(this.#history, moment.userHead, moment.user[moment.userAt + this.#k + userField.sequence]!);
    const n = this.#choose(moment);
    if (n === 0) return base;
    this.#fillMatrix(moment, n);
    const kernel = this.#kernel;
    if (!kernel.factor(this.#matrix.address, n, pivotFloor)) return base;
    kernel.forward(this.#matrix.address, this.#right.address, n);
    kernel.forward(this.#matrix.address, this.#cross.address, n);
    moment.posteriorAnswer = base + kernel.dot(this.#cross.address, this.#right.address, n);
    moment.posteriorVariance -= kernel.dot(this.#cross.address, this.#cross.address, n);
    return moment.posteriorAnswer;
  }

  release(): void {
    for (const block of this.#blocks) this.#kernel.memory.release(block);
  }

  /** Which ratings to look at, and how each covaries with the one to come. Returns how many. */
  #choose(moment: Moment): number {
    const { count, itemRows } = this.#past;
    const recent = Math.min(count, this.#recent);
    const target = moment.knownItem ? 1 / Math.sqrt(this.#raters(moment.item) + raterDamping) : 0;
    for (let i = 0; i < recent; i++) this.#take(i, i, target, this.#dotWith(moment, itemRows[i]!));
    const similar = this.#similar;
    similar.clear();
    for (let i = recent; i < count; i++) {
      const dot = this.#dotWith(moment, itemRows[i]!);
      similar.offer(i, dot * this.#normOf(itemRows[i]!), dot);
    }
    for (let s = 0; s < similar.size; s++) this.#take(recent + s, similar.indexes[s]!, target, similar.dots[s]!);
    return recent + similar.size;
  }

  #take(at: number, index: number, targetNorm: number, dot: number): void {
    this.#chosen[at] = index;
    this.#norms[at] = this.#normOf(this.#past.itemRows[index]!);
    this.#covariances[at] = itemCovariance(dot * this.#scale * targetNorm * this.#norms[at]);
  }

  #fillMatrix(moment: Moment, n: number): void {
    const { itemRows, ratings, seconds, ages } = this.#past;
    const parts = this.#parts.words;
    for (let a = 0; a < n; a++) {
      const spare = this.#spare.address + a * this.#items.cells;
      this.#items.partsOf(itemRows[this.#chosen[a]!]!, spare, parts, 2 * a);
    }
    this.#kernel.gram(
      this.#parts.address,
      n,
      0,
      this.#items.sketchAt,
      this.#sketchCells,
      this.#scratch.address,
      0,
      this.#dots.address,
    );
    const dots = this.#dots.floats;
    const matrix = this.#matrix.floats;
    let at = 0;
    for (let a = 0; a < n; a++) {
      const i = this.#chosen[a]!;
      const age = ages[i]!;
      const then = seconds[i]!;
      const scale = this.#scale * this.#norms[a]!;
      for (let b = 0; b < a; b++, at++) {
        const j = this.#chosen[b]!;
        matrix[at] =
          levelCovariance(Math.abs(age - ages[j]!), Math.abs(then - seconds[j]!)) +
          itemCovariance(dots[at]! * scale * this.#norms[b]!);
      }
      this.#items.readFields(itemRows[i]!, this.#sums);
      matrix[at] =
        priorVariance +
        itemCovariance(dots[at]! * scale * this.#norms[a]!) +
        noiseVariance +
        biasVariance(this.#sums[this.#k + itemField.weightSum]!);
      at++;
      const alike = this.#covariances[a]!;
      this.#cross.floats[a] = levelCovariance(age + 1, Math.max(0, moment.seconds - then)) + alike;
      this.#right.floats[a] = ratings[i]! - moment.mean - this.#bias.itemBias(this.#sums);
      if (alike > 0) moment.posteriorMass += alike;
    }
  }

  #selfCosine(moment: Moment): number {
    return (this.#dotWith(moment, moment.itemRow) * this.#scale) / (this.#raters(moment.item) + raterDamping);
  }

  #dotWith(moment: Moment, itemRow: number): number {
    return moment.knownItem ? this.#items.sketchDot(moment.itemAddress + this.#items.sketchAt, itemRow) : 0;
  }

  #normOf(itemRow: number): number {
    return 1 / Math.sqrt(Math.max(0, this.#items.fieldOf(itemRow, itemField.raterCount)) + raterDamping);
  }

  #raters(item: Float32Array): number {
    return Math.max(0, item[this.#k + itemField.raterCount]!);
  }
}
