/**
 * One answer out of those of several models: a linear combination, fitted by ridge regression where none of them was
 * trained.
 *
 *   r̂ = f₀ + Σ_k f_k (w_k + a_k x + b_k y) + c₀ + c_u x + c_i y
 *   f₀: answer of the biases;  f_k: answer of model k less f₀;  x, y: log(1 + ratings) of the user, of the item, centred
 *
 * The penalty holds w_k near 1 / models and everything else near 0, so that few ratings give the mean of the models.
 * Nothing is drawn. See model/stack.ts for the one that never stops learning.
 */
import type { RatingsWindow } from './window.ts';

/** [rating] by model; the first one is that of the biases. */
export type Answers = readonly Float64Array[];

export interface Stack {
  readonly weights: Float64Array;
  answer(answers: Answers, context: Context, n: number): number;
}

export interface Context {
  /** [rating] */
  readonly user: Float64Array;
  readonly item: Float64Array;
}

const penalty = 20;

/** How much is known of a user or an item by so many ratings. */
export const knowledgeOf = (ratings: number): number => Math.log1p(ratings) - 4;

/** How much was learned about the user and the item of each rating; centred where the stack is fitted. */
export function contextOf(train: RatingsWindow, of: RatingsWindow): Context {
  const logs = (rows: Int32Array, count: number): Float64Array => {
    const counts = new Float64Array(count);
    for (const row of rows) counts[row] = counts[row]! + 1;
    return counts.map(knowledgeOf);
  };
  const users = logs(train.users, train.userIds.length);
  const items = logs(train.items, train.itemIds.length);
  return {
    user: Float64Array.from(of.users, (user) => users[user]!),
    item: Float64Array.from(of.items, (item) => items[item]!),
  };
}

export function fitStack(answers: Answers, context: Context, ratings: Float32Array): Stack {
  const models = answers.length - 1;
  const size = 3 * models + 3;
  const features = new Float64Array(size);
  const prior = Float64Array.from({ length: size }, (_, n) => (n < 3 * models && n % 3 === 0 ? 1 / models : 0));
  const gram = Float64Array.from({ length: size * size }, (_, n) => (n % (size + 1) === 0 ? penalty : 0));
  const right = prior.map((value) => penalty * value);
  for (let n = 0; n < ratings.length; n++) {
    fill(features, answers, context, n);
    const target = ratings[n]! - answers[0]![n]!;
    for (let a = 0; a < size; a++) {
      right[a] = right[a]! + features[a]! * target;
      for (let b = 0; b < size; b++) gram[a * size + b] = gram[a * size + b]! + features[a]! * features[b]!;
    }
  }
  const weights = solve(gram, right);
  return {
    weights,
    answer(answers, context, n) {
      fill(features, answers, context, n);
      let answer = answers[0]![n]!;
      for (let a = 0; a < size; a++) answer += weights[a]! * features[a]!;
      return answer;
    },
  };
}

function fill(features: Float64Array, answers: Answers, { user, item }: Context, n: number): void {
  const x = user[n]!;
  const y = item[n]!;
  let at = 0;
  for (let model = 1; model < answers.length; model++) {
    const beyond = answers[model]![n]! - answers[0]![n]!;
    features[at++] = beyond;
    features[at++] = beyond * x;
    features[at++] = beyond * y;
  }
  features[at++] = 1;
  features[at++] = x;
  features[at++] = y;
}

/** Gaussian elimination; the penalty makes the matrix positive definite, so no pivot is 0. Both arguments are used up. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = matrix[row * size + pivot]! / matrix[pivot * size + pivot]!;
      for (let column = pivot; column < size; column++) {
        matrix[row * size + column] = matrix[row * size + column]! - factor * matrix[pivot * size + column]!;
      }
      right[row] = right[row]! - factor * right[pivot]!;
    }
  }
  for (let row = size - 1; row >= 0; row--) {
    let rest = right[row]!;
    for (let column = row + 1; column < size; column++) rest -= matrix[row * size + column]! * right[column]!;
    right[row] = rest / matrix[row * size + row]!;
  }
  return right;
}
