/**
 * Which of two answers to believe, by their recent losses: as blend.ts does for three.
 *
 *   q = p₂ / (p₁ + p₂),  p_j ∝ L_j^(-n/2),  L_j = Σ γ^age w (y - ŷ_j)²,  n = Σ γ^age w
 */
import { lossDecayRatio, relativeOf } from './blend.ts';
import type { SharedSums } from './shared-sums.ts';

/** Cells in the shared sums: both losses, then n. */
export const lossCells = 3;

export function shareOfSecond(sums: SharedSums, at: number): number {
  const first = sums.at(at);
  const second = sums.at(at + 1);
  const least = Math.min(first, second);
  const halfCount = sums.at(at + 2) / 2;
  const p = relativeOf(least, second, halfCount);
  return p / (p + relativeOf(least, first, halfCount));
}

export function learnLosses(own: Float64Array, at: number, weight: number, first: number, second: number): void {
  own[at] = own[at]! * lossDecayRatio + weight * first * first;
  own[at + 1] = own[at + 1]! * lossDecayRatio + weight * second * second;
  own[at + 2] = own[at + 2]! * lossDecayRatio + weight;
}
