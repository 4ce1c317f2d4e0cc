/** Ratings in half stars from 0.5 to 5, and what is the best that anybody can say about one before it is given. */

export const halfStarScale = { lo: 0.5, hi: 5 } as const;

export const toHalfStars = (opinion: number): number =>
  Math.min(halfStarScale.hi, Math.max(halfStarScale.lo, Math.round(opinion * 2) / 2));

/**
 * The mean of `toHalfStars(mean + noise * N(0, 1))`: the prediction with the smallest squared error of all.
 *   E = lo + ½ Σ P(opinion > t) over the nine thresholds t = 0.75, 1.25, .. 4.75 between neighbouring ratings
 */
export function expectedHalfStars(mean: number, noise: number): number {
  let sum = 0;
  for (let threshold = halfStarScale.lo + 0.25; threshold < halfStarScale.hi; threshold += 0.5) {
    sum += normalCdf((mean - threshold) / noise);
  }
  return halfStarScale.lo + sum / 2;
}

/** Φ(x) by [Abramowitz64, 7.1.26]: off by less than 1e-7. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const tail =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-z * z);
  return x < 0 ? tail / 2 : 1 - tail / 2;
}
