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
  /** λ of rows, for 100,000 ratings (`penaltyFor`): each rating adds λ times their squares to its squared error. */
  readonly rowPenalty: number;
  /** λ of biases. */
  readonly biasPenalty: number;
  /** δ of the kernels of all layers but the last (adam.ts). */
  readonly layerDecay: number;
  /** Part of the units that a batch does without. */
  readonly dropout: number;
  /** Deviation of first rows. */
  readonly deviation: number;
}

/**
 * More ratings bear more detail: the best λ falls slowly with their number. It was .11 for 76,000 ratings and .055 for
 * 855,000 (MovieLens, by validation), and .04 is known for 9 millions [Rendle19].
 */
export const penaltyFor = (ratings: number, penalty: number): number => penalty * (100_000 / ratings) ** 0.25;

/** More ratings make more steps of an epoch: smaller ones come as far, and are less noisy in the end. */
export const rateFor = (ratings: number, rate: number): number => rate * Math.min(2, Math.sqrt(100_000 / ratings));
