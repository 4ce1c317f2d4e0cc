/**
 * What the cells of the rows mean. The number stands in every stored row; a change of meaning takes a new number and a
 * migration (docs/schemas.md).
 */
export const rowLayout = 1;

/** Cells of a user row after its k factors. All sums are of residuals on the inner scale, weighted. */
export const userField = {
  /** Long-run level: sum and weight of what mean and item bias leave. */
  longSum: 0,
  longCount: 1,
  /** The same, fading with every further rating: the user's mood. */
  recentSum: 2,
  recentCount: 3,
  /** Residuals of the factors expert in the present session. */
  sessionSum: 4,
  sessionCount: 5,
  /** Residual of the factors expert at the last rating. */
  lastResidual: 6,
  /** Ratings ever appended to the history, which tells the ring's next slot. */
  sequence: 7,
} as const;
/** Cells of a user row that are stored: k factors and the fields. */
export const userCells = (k: number): number => k + 8;
/** In memory two more, as words: the first history block (row + 1), and the seconds of the newest rating (0: look it up). */
export const userStride = (k: number): number => userCells(k) + 2;

/** Cells of an item row, or of a contribution to one, after its k factors; all additive. */
export const itemField = {
  /** Sum of residuals that mean and user level leave, weighted. */
  residualSum: 0,
  /** Sum of weights. */
  weightSum: 1,
  /** Users whose signs are in the sketch; where there are sketches. */
  raterCount: 2,
} as const;
/** The part of an item row that is float32 numbers: k factors and the fields. */
export const itemFloats = (k: number, sketchWidth: number): number => k + (sketchWidth > 0 ? 3 : 2);
/** Where its sketch begins, on a boundary of 16 bytes: sums of the raters' signs (sketch.ts), two int16 in a cell. */
export const sketchAt = (k: number, sketchWidth: number): number =>
  sketchWidth > 0 ? (itemFloats(k, sketchWidth) + 3) & ~3 : itemFloats(k, 0);
export const itemCells = (k: number, sketchWidth: number): number => sketchAt(k, sketchWidth) + sketchWidth / 2;
