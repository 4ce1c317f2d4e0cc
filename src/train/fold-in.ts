/**
 * How a network answers for users whom it does not know (model/networks/fold-in.ts), from how its answers vary among those
 * that it does, principal components of the answers of some users to all items, and from who rates the same items (co-rating.ts).
 *
 *   f_ui = answer;  m_i = mean_u f_ui;  z_i = Σ_u (f_ui - m_i) e_u / √n,  e: the leading eigenvectors of Σ_i p_i (f_i - m_i)(f_i - m_i)ᵀ
 *
 * n users drawn by the seed from those with `fewestRatings`; p: how often an item is rated. So (f_u - m) is about z·a with a of
 * unit variance. After these `ofAnswers` loadings come `ofRaters` of co-rating, of variance `coRatingVariance` where two items
 * have all raters in common. Where there are too few users nothing is added, and unknown users are answered through biases.
 */
import type { Network, NetworkHistory } from '../model/networks/network.ts';
import { chance } from './chance.ts';
import { coRatingLoadings } from './co-rating.ts';
import { leadingVectors } from './leading.ts';
import type { Tensor } from './trained.ts';
import type { RatingsWindow } from './window.ts';

const mostUsers = 256;
const fewestUsers = 32;
const fewestRatings = 5;
/** Answers that are looked at, at the most. */
const mostAnswers = 16_000_000;
const ofAnswers = 8;
const ofRaters = 8;
const rank = ofAnswers + ofRaters;
const turns = 30;
/** Between ratings of one user, on the 1..5 scale. */
const coRatingVariance = 0.5;
const noHistory: NetworkHistory = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };

/** Made of the network, and no part of it. */
export const isFoldIn = (tensor: string): boolean => tensor.startsWith('fold.');

/**
 * Answers of a trained network vary less among users than their tastes do, so that less noise stands beside them than what the
 * network leaves.
 */
const noiseRatio = 0.45;

/** `rmse`: of the network on ratings of users whom it knows. */
export function foldInTensors(
  network: Network,
  train: RatingsWindow,
  rmse: number,
  seed: number,
): ReadonlyMap<string, Tensor> {
  const items = train.itemIds.length;
  const counts = countsOf(train.users, train.userIds.length);
  const chosen = chooseUsers(counts, Math.min(mostUsers, Math.floor(mostAnswers / Math.max(1, items))), seed);
  const n = chosen.length;
  if (n < fewestUsers) return new Map();
  const means = new Float32Array(items);
  const answers = new Float32Array(items * n);
  for (let item = 0; item < items; item++) {
    let sum = 0;
    for (let u = 0; u < n; u++) {
      const answer = network.predict(chosen[u]!, item, noHistory);
      answers[item * n + u] = answer;
      sum += answer;
    }
    means[item] = sum / n;
    for (let u = 0; u < n; u++) answers[item * n + u] = answers[item * n + u]! - means[item]!;
  }
  const matrix = covariance(answers, countsOf(train.items, items), n);
  const directions = leadingVectors((vector) => product(matrix, vector), n, ofAnswers, turns, chance(seed, 5));
  const raters = coRatingLoadings(train, ofRaters, seed);
  const loadings = new Float32Array(items * rank);
  for (let item = 0; item < items; item++) {
    for (let r = 0; r < ofRaters; r++) {
      loadings[item * rank + ofAnswers + r] = Math.sqrt(coRatingVariance) * raters[item * ofRaters + r]!;
    }
    for (let r = 0; r < ofAnswers; r++) {
      let sum = 0;
      for (let u = 0; u < n; u++) sum += answers[item * n + u]! * directions[r]![u]!;
      loadings[item * rank + r] = sum / Math.sqrt(n);
    }
  }
  return new Map<string, Tensor>([
    ['fold.mean', { shape: [items], data: means }],
    ['fold.loadings', { shape: [items, rank], data: loadings }],
    ['fold.noise', { shape: [1], data: Float32Array.of(Math.max(1e-3, noiseRatio * rmse * rmse)) }],
    ['fold.counts', { shape: [counts.length], data: counts }],
  ]);
}

function countsOf(rows: Int32Array, length: number): Float32Array {
  const counts = new Float32Array(length);
  for (const row of rows) counts[row] = counts[row]! + 1;
  return counts;
}

function chooseUsers(counts: Float32Array, most: number, seed: number): Int32Array {
  const users = Int32Array.from(counts.keys()).filter((user) => counts[user]! >= fewestRatings);
  chance(seed, 4).shuffle(users);
  return users.subarray(0, most);
}

/** [n, n], of the users' answers over all ratings. */
function covariance(answers: Float32Array, weights: Float32Array, n: number): Float64Array {
  const sums = new Float64Array(n * n);
  for (let item = 0; item < weights.length; item++) {
    if (weights[item] === 0) continue;
    for (let u = 0; u < n; u++) {
      const factor = weights[item]! * answers[item * n + u]!;
      for (let v = 0; v <= u; v++) sums[u * n + v] = sums[u * n + v]! + factor * answers[item * n + v]!;
    }
  }
  for (let u = 0; u < n; u++) for (let v = 0; v < u; v++) sums[v * n + u] = sums[u * n + v]!;
  return sums;
}

/** Of a matrix [n, n] with a vector. */
function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const out = new Float64Array(n);
  for (let u = 0; u < n; u++) for (let v = 0; v < n; v++) out[u] = out[u]! + matrix[u * n + v]! * vector[v]!;
  return out;
}
