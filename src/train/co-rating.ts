/**
 * Which items are rated by the same people: people who chose the same are alike also in how they like it, of which a network's
 * answers know nothing.
 *
 *   c_ij = n_ij / √((n_i + δ)(n_j + δ)),   z_i = √λ_k e_ki:  the leading eigenvectors e and eigenvalues λ of c, so c_ij ≈ z_i·z_j
 *
 * n_i: raters of item i; n_ij: raters of both; δ: `raterDamping`, as in the posterior expert (model/experts/covariance.ts).
 */
import { raterDamping } from '../model/experts/covariance.ts';
import { chance } from './chance.ts';
import { dot, leadingVectors } from './leading.ts';
import type { RatingsWindow } from './window.ts';

const turns = 12;

/** [items, rank], row by row. */
export function coRatingLoadings({ users, items, userIds, itemIds }: RatingsWindow, rank: number, seed: number) {
  const raters = new Float64Array(itemIds.length);
  for (const item of items) raters[item] = raters[item]! + 1;
  const norms = raters.map((count) => 1 / Math.sqrt(count + raterDamping));
  const ofUsers = new Float64Array(userIds.length);
  /** c v = D Rᵀ R D v over the ratings, R: who rated what. */
  const multiply = (vector: Float64Array): Float64Array => {
    ofUsers.fill(0);
    for (let n = 0; n < items.length; n++) {
      ofUsers[users[n]!] = ofUsers[users[n]!]! + norms[items[n]!]! * vector[items[n]!]!;
    }
    const product = new Float64Array(vector.length);
    for (let n = 0; n < items.length; n++) product[items[n]!] = product[items[n]!]! + ofUsers[users[n]!]!;
    return product.map((sum, item) => sum * norms[item]!);
  };
  const loadings = new Float32Array(itemIds.length * rank);
  leadingVectors(multiply, itemIds.length, rank, turns, chance(seed, 6)).forEach((vector, r) => {
    const scale = Math.sqrt(Math.max(0, dot(vector, multiply(vector))));
    vector.forEach((value, item) => (loadings[item * rank + r] = scale * value));
  });
  return loadings;
}
