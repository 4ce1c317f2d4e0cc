/**
 * Rows of users or items outside TensorFlow: a batch takes copies of its rows in, and their gradients come back. So a step
 * costs what its batch costs, however many rows there are.
 *
 * The update is a lazy Adam (adam.ts): only rows of the batch move, each once, by the sum of its gradients and of a penalty
 * for each time that the batch has it; the moments of other rows stand still.
 */
import { beta1, beta2, correctedRate, epsilon } from './adam.ts';

/** A part of a matrix of `stride` columns: where a table's row stands in each row of a batch. */
export interface Place {
  readonly at: number;
  readonly stride: number;
}

export class RowTable {
  readonly width: number;
  /** Row-major [n, width]. */
  readonly weights: Float32Array;
  readonly #m: Float32Array;
  readonly #v: Float32Array;
  /** By row: its place in `#sums` within the step, or -1. */
  readonly #slots: Int32Array;
  #touched = new Int32Array(0);
  /** By place: how often the batch has the row, and the sum of its gradients. */
  #counts = new Int32Array(0);
  #sums = new Float32Array(0);
  #step = 0;

  constructor(weights: Float32Array, width: number) {
    this.width = width;
    this.weights = weights;
    this.#m = new Float32Array(weights.length);
    this.#v = new Float32Array(weights.length);
    this.#slots = new Int32Array(weights.length / width).fill(-1);
  }

  gather(rows: Int32Array, out: Float32Array, { at, stride }: Place): void {
    const { width, weights } = this;
    for (let n = 0; n < rows.length; n++) {
      const from = rows[n]! * width;
      const to = n * stride + at;
      for (let f = 0; f < width; f++) out[to + f] = weights[from + f]!;
    }
  }

  /** `penalties`, by row: the factor of the row in its gradient, for each time that the batch has it. */
  learn(rows: Int32Array, gradients: Float32Array, { at, stride }: Place, rate: number, penalties: Float32Array): void {
    const { width, weights } = this;
    const count = this.#sum(rows, gradients, at, stride);
    const corrected = correctedRate(rate, ++this.#step);
    const m = this.#m;
    const v = this.#v;
    const sums = this.#sums;
    for (let slot = 0; slot < count; slot++) {
      const row = this.#touched[slot]!;
      this.#slots[row] = -1;
      const decay = penalties[row]! * this.#counts[slot]!;
      for (let n = row * width, sum = slot * width; n < (row + 1) * width; n++, sum++) {
        const gradient = sums[sum]! + decay * weights[n]!;
        const first = beta1 * m[n]! + (1 - beta1) * gradient;
        const second = beta2 * v[n]! + (1 - beta2) * gradient * gradient;
        m[n] = first;
        v[n] = second;
        weights[n] = weights[n]! - (corrected * first) / (Math.sqrt(second) + epsilon);
      }
    }
  }

  /** Gives these rows the mean of all others. */
  average(rows: Int32Array): void {
    const { width, weights } = this;
    const excluded = new Set(rows);
    const known = weights.length / width - excluded.size;
    if (excluded.size === 0 || known === 0) return;
    const sums = new Float64Array(width);
    for (let n = 0; n < weights.length; n++) {
      if (!excluded.has((n / width) | 0)) sums[n % width] = sums[n % width]! + weights[n]!;
    }
    for (const row of rows) for (let f = 0; f < width; f++) weights[row * width + f] = sums[f]! / known;
  }

  /** One sum for each row, however often the batch has it; returns how many rows there are. */
  #sum(rows: Int32Array, gradients: Float32Array, at: number, stride: number): number {
    const { width } = this;
    if (this.#touched.length < rows.length) {
      this.#touched = new Int32Array(rows.length);
      this.#counts = new Int32Array(rows.length);
      this.#sums = new Float32Array(rows.length * width);
    }
    const sums = this.#sums;
    let count = 0;
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n]!;
      const from = n * stride + at;
      let slot = this.#slots[row]!;
      if (slot < 0) {
        slot = this.#slots[row] = count;
        this.#counts[slot] = 1;
        this.#touched[count++] = row;
        for (let f = 0; f < width; f++) sums[slot * width + f] = gradients[from + f]!;
        continue;
      }
      this.#counts[slot] = this.#counts[slot]! + 1;
      for (let f = 0; f < width; f++) sums[slot * width + f] = sums[slot * width + f]! + gradients[from + f]!;
    }
    return count;
  }
}
