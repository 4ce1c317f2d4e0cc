/**
 * What a network answers for a user whom it was not trained on, or knows less of than is remembered by now: the user is taken for
 * one of those that it was trained on, whose answers vary around their mean along a few directions.
 *
 *   r_j = m_j + z_j·a + noise,  a ~ N(0, I);   â = (σ² I + Σ z_j z_jᵀ)⁻¹ Σ z_j (r_j - m_j);   ŷ_i = m_i + z_i·â
 *
 * m, z: `fold.mean` and `fold.loadings` [m, r] of the items (train/fold-in.ts); σ²: `fold.noise`; j: the user's latest ratings.
 * With no rating the answer is the mean of all users' answers.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { ridgeScratchCells } from '../../kernel/network-kernel.ts';
import type { Block } from '../../kernel/row-memory.ts';
import { mostRemembered, type NetworkHistory } from './network.ts';
import { Rows, stepRows } from './rows.ts';
import { dataOf, tensorOf } from './scorer.ts';
import type { Steps } from '../steps.ts';
import type { Tensors } from './tensor.ts';

export class FoldIn {
  readonly #kernel: Kernel;
  /** Loadings of an item, padded with zeros to whole vectors. */
  readonly #width: number;
  readonly #noise: number;
  /** Of each item: z, then m. */
  readonly #rows: Rows;
  readonly #addresses: Uint32Array;
  /** By rating: the item's row, and the rating. */
  readonly #entries: Block;
  readonly #weights: Block;
  readonly #scratch: Block;
  #stamp: number | undefined;

  static *of(tensors: Tensors, kernel: Kernel): Steps<FoldIn> {
    const foldIn = new FoldIn(tensors, kernel);
    yield* foldIn.#fillRows(tensors);
    return foldIn;
  }

  private constructor(tensors: Tensors, kernel: Kernel) {
    const { shape } = tensorOf(tensors, 'fold.loadings');
    const [items, rank] = [shape[0]!, shape[1]!];
    const means = dataOf(tensors, 'fold.mean');
    this.#kernel = kernel;
    this.#width = (rank + 3) & ~3;
    this.#noise = dataOf(tensors, 'fold.noise')[0]!;
    this.#rows = new Rows(kernel, items, this.#width + 4);
    this.#addresses = Uint32Array.from(means, (_, item) => this.#rows.address(item));
    this.#entries = kernel.memory.allocate(2 * mostRemembered);
    // One more weight, for m: an answer is one dot product.
    this.#weights = kernel.memory.allocate(this.#width + 4);
    this.#weights.floats[this.#width] = 1;
    this.#scratch = kernel.memory.allocate(ridgeScratchCells(mostRemembered, this.#width));
  }

  *#fillRows(tensors: Tensors): Steps<void> {
    const { shape, data } = tensorOf(tensors, 'fold.loadings');
    const rank = shape[1]!;
    const means = dataOf(tensors, 'fold.mean');
    for (let item = 0; item < means.length; item++) {
      if (item % stepRows === 0) yield;
      const cells = this.#rows.cells(item);
      cells.set(data.subarray(item * rank, (item + 1) * rank));
      cells[this.#width] = means[item]!;
    }
  }

  /** Into `out[at]`, as in scorer.ts. */
  predict(item: number, history: NetworkHistory, out: Float64Array, at: number): void {
    if (history.stamp === undefined || history.stamp !== this.#stamp) this.#fit(history);
    out[at] = this.#kernel.dot(this.#weights.address, this.#addresses[item]!, this.#width + 4);
  }

  release(): void {
    this.#rows.release();
    for (const block of [this.#entries, this.#weights, this.#scratch]) this.#kernel.memory.release(block);
  }

  #fit({ count, items, ratings, stamp }: NetworkHistory): void {
    const { address, words, floats } = this.#entries;
    const last = Math.min(count, mostRemembered);
    let known = 0;
    for (let n = 0; n < last; n++) {
      const item = items[n]!;
      if (item < 0) continue;
      words[2 * known] = this.#addresses[item]!;
      floats[2 * known + 1] = ratings[n]!;
      known++;
    }
    const weights = this.#weights;
    if (!this.#kernel.ridge(weights.address, address, known, this.#width, this.#noise, this.#scratch.address)) {
      weights.floats.fill(0, 0, this.#width);
    }
    this.#stamp = stamp;
  }
}
