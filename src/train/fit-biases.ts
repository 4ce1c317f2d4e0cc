/**
 * Mean and biases by themselves: what networks begin with, and what they have to be better than.
 *
 *   r̂ = μ + b_u + b_i,    b_u = Σ (r - μ - b_i) / (n_u + λ),    b_i = Σ (r - μ - b_u) / (n_i + λ),    in turns
 */
import type { RatingsWindow } from './window.ts';

export interface Biases {
  readonly mean: number;
  /** [n] */
  readonly user: Float32Array;
  /** [m] */
  readonly item: Float32Array;
}

const sweeps = 10;

/** Ratings of average kind that each bias begins with. */
export const biasPenalty = 5;

export function fitBiases(window: RatingsWindow, penalty = biasPenalty): Biases {
  const { users, items, ratings } = window;
  const mean = ratings.reduce((sum, rating) => sum + rating, 0) / Math.max(1, ratings.length);
  const user = new Float32Array(window.userIds.length);
  const item = new Float32Array(window.itemIds.length);
  const refit = (of: Float32Array, rows: Int32Array, other: Float32Array, otherRows: Int32Array): void => {
    const sums = new Float64Array(of.length);
    const counts = new Float64Array(of.length).fill(penalty);
    for (let n = 0; n < ratings.length; n++) {
      const row = rows[n]!;
      sums[row] = sums[row]! + ratings[n]! - mean - other[otherRows[n]!]!;
      counts[row] = counts[row]! + 1;
    }
    for (let row = 0; row < of.length; row++) of[row] = sums[row]! / counts[row]!;
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    refit(item, items, user, users);
    refit(user, users, item, items);
  }
  return { mean, user, item };
}
