/** Settings of a fit (fit.ts), and how the number of ratings changes them. */

export interface FitHyper {
  /** Cells of a row. */
  readonly d: number;
  /** Ratings of a batch, at the most. */
  readonly batch: number;
  /** Of the first epoch, for 100,000 ratings (`rateFor`); each further one has `decay` times as much. */
  readonly rate: number;
  readonly decay: number;
  /** Epochs, at the most. */
  readonly epochs: number;
  /** Epochs without a better validation error before it ends. */
  readonly patience: number;
  /** Each rating adds λ times the squares of its rows to its squared error; λ of a row falls with its ratings (`penaltiesOf`). */
  readonly rowPenalty: number;
  /** The same for biases. */
  readonly biasPenalty: number;
  /** δ of the kernels of all layers but the last (adam.ts). */
  readonly layerDecay: number;
  /** Part of the units that a batch does without. */
  readonly dropout: number;
  /** Deviation of first rows. */
  readonly deviation: number;
}

/**
 * λ by row. That of a row of n ratings is λ/√n: what was measured as best for whole data sets falls with the ratings that
 * their rows have (.11 on ML-100K, .055 on ML-1M, .04 on ML-10M [Rendle19]), and so it does within one.
 */
export function penaltiesOf(rows: Int32Array, count: number, penalty: number): Float32Array {
  const ratings = new Float32Array(count);
  for (const row of rows) ratings[row] = ratings[row]! + 1;
  return ratings.map((n) => penalty / Math.sqrt(Math.max(1, n)));
}

/** More ratings make more steps of an epoch: smaller ones come as far, and are less noisy in the end. */
export const rateFor = (ratings: number, rate: number): number => rate * Math.min(2, Math.sqrt(100_000 / ratings));

/**
 * Few ratings make smaller batches, one example for each `ratingsOfOne`, so that an epoch still has some steps: in a handful of
 * them nothing is learned by the time that the validation error is asked whether to go on.
 */
export const batchFor = (ratings: number, most: number, fewest: number, ratingsOfOne: number): number =>
  Math.min(most, Math.max(fewest, Math.floor(ratings / ratingsOfOne)));
