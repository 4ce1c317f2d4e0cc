/**
 * Adam [Kingma15] over a list of numbers, with decay beside the gradient [Loshchilov19].
 *
 *   m ← β₁ m + (1-β₁) g,   v ← β₂ v + (1-β₂) g²,   w ← w - γ (√(1-β₂ᵗ)/(1-β₁ᵗ) m/(√v + ε) + δ w)
 */
export const beta1 = 0.9;
export const beta2 = 0.999;
export const epsilon = 1e-7;

/** The rate with the correction for moments that began at 0. */
export const correctedRate = (rate: number, step: number): number =>
  (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);

export interface Adam {
  apply(gradients: Float32Array, rate: number): void;
}

/** `weights` change in place; `decays` are their δ. */
export function adam(weights: Float32Array, decays: Float32Array): Adam {
  const m = new Float32Array(weights.length);
  const v = new Float32Array(weights.length);
  let step = 0;
  return {
    apply(gradients, rate) {
      step++;
      const corrected = correctedRate(rate, step);
      for (let n = 0; n < weights.length; n++) {
        const gradient = gradients[n]!;
        const first = beta1 * m[n]! + (1 - beta1) * gradient;
        const second = beta2 * v[n]! + (1 - beta2) * gradient * gradient;
        m[n] = first;
        v[n] = second;
        const weight = weights[n]!;
        weights[n] = weight - (corrected * first) / (Math.sqrt(second) + epsilon) - rate * decays[n]! * weight;
      }
    },
  };
}
