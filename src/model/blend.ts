/**
 * The blend, which is the published prediction: the stack's answer and those of the two baselines, averaged by how
 * probable each is as the model of the stream [Hoeting99, with an unknown variance; forgetting as in Raftery10].
 *
 *   ŷ = Σ_j p_j ŷ_j,  p_j ∝ L_j^(-n/2),  L_j = Σ γ^age w (y - ŷ_j)²,  n = Σ γ^age w
 *
 * j: mean, bias, stack (each clipped to the scale); γ: `lossDecayRatio`. On a stream with structure the stack has all the
 * weight after some hundred ratings. Where there is nothing to learn, or a stream turns against the stack, the better
 * baseline takes over, so that the blend is never much worse than it: by about ln 3 noise variances in the whole sum of
 * squares. It has no scale and no setting of its own.
 * With no event behind it all three count the same. L and n are additive: tasks share one blend.
 */
import type { SharedSums } from './shared-sums.ts';

const models = 3;
/** What one event leaves of the former sums: the last thousand events speak. */
export const lossDecayRatio = 0.999;
/** Cells in the shared sums: L of mean, bias and stack, then n. */
export const blendCells = models + 1;

export class Blend {
  readonly #sums: SharedSums;
  readonly #at: number;

  constructor(sums: SharedSums, at: number) {
    this.#sums = sums;
    this.#at = at;
  }

  /** The average of three answers. */
  predict(mean: number, bias: number, stack: number): number {
    const sums = this.#sums;
    const at = this.#at;
    const lossOfMean = sums.at(at);
    const lossOfBias = sums.at(at + 1);
    const lossOfStack = sums.at(at + 2);
    const least = Math.min(lossOfMean, lossOfBias, lossOfStack);
    const halfCount = sums.at(at + models) / 2;
    const pMean = relativeOf(least, lossOfMean, halfCount);
    const pBias = relativeOf(least, lossOfBias, halfCount);
    const pStack = relativeOf(least, lossOfStack, halfCount);
    return (pMean * mean + pBias * bias + pStack * stack) / (pMean + pBias + pStack);
  }

  learn(rating: number, weight: number, mean: number, bias: number, stack: number): void {
    const { own } = this.#sums;
    const at = this.#at;
    own[at] = own[at]! * lossDecayRatio + weight * (rating - mean) ** 2;
    own[at + 1] = own[at + 1]! * lossDecayRatio + weight * (rating - bias) ** 2;
    own[at + 2] = own[at + 2]! * lossDecayRatio + weight * (rating - stack) ** 2;
    own[at + models] = own[at + models]! * lossDecayRatio + weight;
  }
}

/** (loss / least)^(-halfCount): 1 for the least loss, also when it is 0. */
export function relativeOf(least: number, loss: number, halfCount: number): number {
  if (loss <= least) return 1;
  // ln(loss / least) ≥ 1 - least / loss: what is certainly below e^-60 is nothing, and costs no power.
  if (halfCount * (loss - least) > 60 * loss) return 0;
  return Math.pow(least / loss, halfCount);
}
