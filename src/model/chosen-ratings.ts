/**
 * Which of a user's remembered ratings the posterior looks at: the `recentRatings` latest ones, and of those before them the
 * `similarRatings` whose items have most raters in common with the item in question, for how few they are rated by.
 */
import type { Block } from '../kernel/row-memory.ts';
import { raterDamping } from './experts/covariance.ts';
import type { History } from './history.ts';
import type { ItemTable } from './item-table.ts';
import type { Moment } from './moment.ts';
import { MostSimilar } from './most-similar.ts';
import { PastRatings } from './past-ratings.ts';
import { itemField, userField } from './row-layout.ts';
import type { LearnerSettings } from './settings.ts';

export class ChosenRatings {
  readonly past: PastRatings;
  readonly capacity: number;
  /** Of each rating that is looked at, its index in `past`; the oldest first. */
  readonly indexes: Int32Array;
  /** By index in `past`: 1/sqrt(raters + damping) of the item, and the cosine of its raters with those of the item in question. */
  readonly norms: Float64Array;
  readonly cosines: Float64Array;
  /** Of the item in question; 0 when nobody rated it. */
  targetNorm = 0;
  selfCosine = 0;
  readonly #items: ItemTable;
  readonly #history: History;
  readonly #k: number;
  readonly #width: number;
  readonly #recent: number;
  readonly #similar: MostSimilar;
  readonly #found: Int32Array;
  readonly #rows: Block;
  readonly #dots: Block;
  readonly #raters: Block;

  constructor(settings: LearnerSettings, items: ItemTable, history: History) {
    this.#items = items;
    this.#history = history;
    this.#k = settings.k;
    this.#width = settings.sketchWidth;
    this.#recent = settings.recentRatings;
    this.#similar = new MostSimilar(settings.similarRatings);
    this.capacity = settings.recentRatings + settings.similarRatings;
    this.indexes = new Int32Array(this.capacity);
    this.#found = new Int32Array(settings.similarRatings);
    this.past = new PastRatings(history.limit);
    this.norms = new Float64Array(history.limit);
    this.cosines = new Float64Array(history.limit);
    const { memory } = items.kernel;
    this.#rows = memory.allocate(history.limit);
    this.#dots = memory.allocate(history.limit);
    this.#raters = memory.allocate(history.limit);
  }

  /** Fills everything above; returns how many are looked at. */
  choose(moment: Moment): number {
    this.#lookAt(moment);
    if (moment.userRow < 0) return 0;
    const sequence = moment.user[moment.userAt + this.#k + userField.sequence]!;
    this.past.fill(this.#history, moment.userHead, sequence);
    const { count } = this.past;
    if (count === 0) return 0;
    this.#compare(moment);
    const recent = Math.min(count, this.#recent);
    const similar = this.#similar.choose(this.cosines, recent, count, this.#found);
    for (let s = 0; s < similar; s++) this.indexes[similar - 1 - s] = this.#found[s]!;
    for (let i = 0; i < recent; i++) this.indexes[similar + recent - 1 - i] = i;
    return similar + recent;
  }

  release(): void {
    for (const block of [this.#rows, this.#dots, this.#raters]) this.#items.kernel.memory.release(block);
  }

  /** The item in question: its sketch goes behind its numbers. */
  #lookAt({ knownItem, item, itemRow, itemAddress }: Moment): void {
    this.targetNorm = 0;
    this.selfCosine = 0;
    if (!knownItem) return;
    const { kernel, sketchAt, sketchCells } = this.#items;
    this.#items.sketchTo(itemRow, itemAddress);
    const raters = Math.max(0, item[this.#k + itemField.raterCount]!) + raterDamping;
    this.targetNorm = 1 / Math.sqrt(raters);
    const sketch = itemAddress + sketchAt;
    this.selfCosine = kernel.sketchDot(sketch, sketch, sketchCells) / (this.#width * raters);
  }

  #compare({ knownItem, itemAddress }: Moment): void {
    const { count, itemRows } = this.past;
    const dots = this.#dots.floats;
    const raters = this.#raters.floats;
    dots.fill(0, 0, count);
    raters.fill(0, 0, count);
    this.#items.sketchDots(
      itemAddress + this.#items.sketchAt,
      itemRows,
      count,
      itemField.raterCount,
      this.#rows,
      this.#dots.address,
      this.#raters.address,
    );
    const scale = knownItem ? this.targetNorm / this.#width : 0;
    for (let i = 0; i < count; i++) {
      const norm = 1 / Math.sqrt(Math.max(0, raters[i]!) + raterDamping);
      this.norms[i] = norm;
      this.cosines[i] = dots[i]! * norm * scale;
    }
  }
}
