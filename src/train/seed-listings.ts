/**
 * The seed document's three factorization listings, in float64 and in its own order of operations.
 *
 *   prediction   R̂ = U Iᵀ
 *   loop         per rating:  e = r - u·i;  u += γ(2 e i - λ u), then i += γ(2 e u - λ i) with the new u
 *   vectorized   per user u, then per item i:  u += γ(Σ e i - λ u), i += γ(Σ e u - λ i)
 *   split        `vectorized` on the training part of a split
 *
 * `vectorized` has no factor 2, so its numbers are not those of `loop`, though the document says that they are.
 * Unknown users and items do not exist here: rows are fixed. Nothing is drawn: initial factors come from seed-data.ts.
 */
import type { Matrix } from './seed-data.ts';

export interface Factorization {
  /** [n, k] */
  readonly userFactors: Matrix;
  /** [m, k] */
  readonly itemFactors: Matrix;
  /** [n, m] */
  readonly predictions: Matrix;
}

export interface Hyperparameters {
  readonly iterations: number;
  readonly learningRate: number;
  readonly regularization: number;
}

export interface InitialFactors {
  readonly user: Matrix;
  readonly item: Matrix;
}

export function factorizeByRating(ratings: Matrix, initial: InitialFactors, settings: Hyperparameters): Factorization {
  const { iterations, learningRate, regularization } = settings;
  const users = initial.user.map((row) => [...row]);
  const items = initial.item.map((row) => [...row]);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    for (const [n, row] of ratings.entries()) {
      for (const [m, rating] of row.entries()) {
        if (rating <= 0) continue;
        const user = users[n]!;
        const item = items[m]!;
        const error = rating - dot(user, item);
        for (let f = 0; f < user.length; f += 1)
          user[f]! += learningRate * (2 * error * item[f]! - regularization * user[f]!);
        for (let f = 0; f < item.length; f += 1)
          item[f]! += learningRate * (2 * error * user[f]! - regularization * item[f]!);
      }
    }
  }
  return { userFactors: users, itemFactors: items, predictions: outer(users, items) };
}

export function factorizeByRow(ratings: Matrix, initial: InitialFactors, settings: Hyperparameters): Factorization {
  const users = initial.user.map((row) => [...row]);
  const items = initial.item.map((row) => [...row]);
  const byItem = items.map((_, m) => ratings.map((row) => row[m]!));
  for (let iteration = 0; iteration < settings.iterations; iteration += 1) {
    for (const [n, user] of users.entries()) stepRow(user, items, ratings[n]!, settings);
    for (const [m, item] of items.entries()) stepRow(item, users, byItem[m]!, settings);
  }
  return { userFactors: users, itemFactors: items, predictions: outer(users, items) };
}

/** One batch step of one side's row against all rows of the other side that it has a rating with. */
function stepRow(row: number[], others: Matrix, ratings: readonly number[], settings: Hyperparameters): void {
  const gradient = row.map(() => 0);
  for (const [index, rating] of ratings.entries()) {
    if (rating <= 0) continue;
    const other = others[index]!;
    const error = rating - dot(row, other);
    for (let f = 0; f < row.length; f += 1) gradient[f]! += error * other[f]!;
  }
  for (let f = 0; f < row.length; f += 1)
    row[f]! += settings.learningRate * (gradient[f]! - settings.regularization * row[f]!);
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, f) => sum + value * b[f]!, 0);

const outer = (users: Matrix, items: Matrix): Matrix => users.map((user) => items.map((item) => dot(user, item)));
