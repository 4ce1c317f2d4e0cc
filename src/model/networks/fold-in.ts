/**
 * What a network answers for a user whom it was not trained on, or knows less of than is remembered by now: the user is taken for
 * one of those that it was trained on, whose answers vary around their mean along a few directions.
 *
 *   r_j = m_j + z_j·a + noise,  a ~ N(0, I);   â = (σ² I + Σ z_j z_jᵀ)⁻¹ Σ z_j (r_j - m_j);   ŷ_i = m_i + z_i·â
 *
 * m, z: `fold.mean` and `fold.loadings` [m, r] of the items (train/fold-in.ts); σ²: `fold.noise`; j: the user's latest ratings.
 * With no rating the answer is the mean of all users' answers.
 */
import { packedSize, type Kernel } from '../../kernel/kernel.ts';
import type { Block } from '../../kernel/row-memory.ts';
import { mostRemembered, type NetworkHistory } from './network.ts';
import { Rows } from './rows.ts';
import { dataOf, tensorOf } from './scorer.ts';
import type { Tensors } from './tensor.ts';

export class FoldIn {
  readonly #kernel: Kernel;
  readonly #rank: number;
  readonly #means: Float32Array;
  readonly #loadings: Rows;
  readonly #noise: number;
  /** Sums over ratings of [z, r - m] times itself, packed: Σ z zᵀ, then Σ z (r - m). */
  readonly #sums: Block;
  readonly #x: Block;
  readonly #weights: Block;
  readonly #scratch: Block;
  #stamp: number | undefined;

  constructor(tensors: Tensors, kernel: Kernel) {
    const { shape, data } = tensorOf(tensors, 'fold.loadings');
    const [items, rank] = [shape[0]!, shape[1]!];
    this.#kernel = kernel;
    this.#rank = rank;
    this.#means = dataOf(tensors, 'fold.mean');
    this.#noise = dataOf(tensors, 'fold.noise')[0]!;
    // Doubles: two cells each.
    this.#loadings = new Rows(kernel, items, 2 * rank);
    for (let item = 0; item < items; item++) {
      const row = Float64Array.from(data.subarray(item * rank, (item + 1) * rank));
      this.#loadings.cells(item).set(new Float32Array(row.buffer));
    }
    this.#sums = kernel.memory.allocate(2 * packedSize(rank + 1));
    this.#x = kernel.memory.allocate(2 * (rank + 1));
    this.#weights = kernel.memory.allocate(2 * rank);
    this.#scratch = kernel.memory.allocate(2 * packedSize(rank));
  }

  predict(item: number, history: NetworkHistory): number {
    if (history.stamp === undefined || history.stamp !== this.#stamp) this.#fit(history);
    const taste = this.#kernel.dotDoubles(this.#weights.address, this.#loadings.address(item), this.#rank);
    return this.#means[item]! + taste;
  }

  release(): void {
    this.#loadings.release();
    for (const block of [this.#sums, this.#x, this.#weights, this.#scratch]) this.#kernel.memory.release(block);
  }

  #fit({ count, items, ratings, stamp }: NetworkHistory): void {
    const kernel = this.#kernel;
    const rank = this.#rank;
    const sums = this.#sums;
    sums.doubles.fill(0);
    for (let i = 0, at = 0; i < rank; i++, at += i + 1) sums.doubles[at] = this.#noise;
    const last = Math.min(count, mostRemembered);
    for (let n = 0; n < last; n++) {
      const item = items[n]!;
      if (item < 0) continue;
      kernel.copy(this.#x.address, this.#loadings.address(item), 2 * rank);
      this.#x.doubles[rank] = ratings[n]! - this.#means[item]!;
      kernel.addOuter(sums.address, this.#x.address, rank + 1, 1);
    }
    const right = sums.address + 2 * packedSize(rank);
    if (!kernel.solve(sums.address, right, this.#weights.address, rank, this.#scratch.address)) {
      this.#weights.doubles.fill(0);
    }
    this.#stamp = stamp;
  }
}
