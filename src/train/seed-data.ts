/**
 * What the seed document's three factorization listings start from: its ratings, and the numbers that its seeded
 * generator drew (numpy's legacy generator with seed 0 is not rebuilt here; its draws are kept).
 */

/** Rows of numbers; the listings are written over small dense matrices, as in the document. */
export type Matrix = readonly (readonly number[])[];

/** [users 5, items 4]; 0 means not rated. */
export const seedRatings: Matrix = [
  [5, 3, 0, 1],
  [4, 0, 3, 1],
  [1, 1, 0, 5],
  [1, 0, 0, 4],
  [0, 1, 5, 4],
];

export const seedHyperparameters = { factors: 2, iterations: 5000, learningRate: 0.01, regularization: 0.02 } as const;

/** [users 5, k 2] and [items 4, k 2]: where `loop` and `vectorized` start. */
export const seedInitialFactors: { readonly user: Matrix; readonly item: Matrix } = {
  user: [
    [0.5488135039273248, 0.7151893663724195],
    [0.6027633760716439, 0.5448831829968969],
    [0.4236547993389047, 0.6458941130666561],
    [0.4375872112626925, 0.8917730007820798],
    [0.9636627605010293, 0.3834415188257777],
  ],
  item: [
    [0.7917250380826646, 0.5288949197529045],
    [0.5680445610939323, 0.925596638292661],
    [0.07103605819788694, 0.08712929970154071],
    [0.02021839744032572, 0.832619845547938],
  ],
};

/** The same, drawn next by the same generator: where `split` starts. */
export const seedSplitInitialFactors: { readonly user: Matrix; readonly item: Matrix } = {
  user: [
    [0.7781567509498505, 0.8700121482468192],
    [0.978618342232764, 0.7991585642167236],
    [0.46147936225293185, 0.7805291762864555],
    [0.11827442586893322, 0.6399210213275238],
    [0.1433532874090464, 0.9446689170495839],
  ],
  item: [
    [0.5218483217500717, 0.4146619399905236],
    [0.26455561210462697, 0.7742336894342167],
    [0.45615033221654855, 0.5684339488686485],
    [0.018789800436355142, 0.6176354970758771],
  ],
};

/** The ratings that the document's 80/20 split draws for testing, as [user row, item row], row by row. */
export const seedDrawnForTest: readonly (readonly [number, number])[] = [
  [1, 2],
  [2, 0],
  [2, 3],
];
