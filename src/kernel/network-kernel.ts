/**
 * The loops of networks, as they serve and as autoencoder and RBM are trained. Part of `Kernel`: the same rules.
 *
 * A list of *entries* says which rows are present: two cells each, the row's address and a factor (float32). Only they are
 * touched, which is all there is to a sparse layer.
 */
import type { Address } from './row-memory.ts';

export interface NetworkKernel {
  /** `out[i] += Σ_e factor_e * row_e[at + i]` over `k` floats: a layer's inputs, of which `n` are there. */
  gather(out: Address, entries: Address, n: number, k: number, at: number): void;
  /** `row_e[at + i] += scale * factor_e * x[i]` for each of `n` entries in turn; a row may come twice. */
  scatter(entries: Address, n: number, k: number, at: number, x: Address, scale: number): void;
  /** `x[i] = 1 / (1 + exp(-x[i]))` over `n` floats, within 1e-6. */
  logistic(x: Address, n: number): void;
  /** `gradient[i] *= y[i] (1 - y[i])`: back through `logistic`, whose results are `y`. */
  logisticGradient(gradient: Address, y: Address, n: number): void;
  /**
   * Outputs and their gradients where there are targets, for half the squared error. An entry's factor is its target; a row
   * holds `k` weights from `at` on and a bias after them, and the gradients of both from `gradientsAt` on. For each in turn:
   * `e = x·weights + bias - target`; `gradients += e x`, the bias's `+= e`; `xGradient += e weights`.
   * Returns the sum of e².
   */
  maskedOutputs(
    entries: Address,
    n: number,
    k: number,
    at: number,
    gradientsAt: number,
    x: Address,
    xGradient: Address,
  ): number;
  /**
   * `out[l] = softmax_l(biases[l] + x·row_l)` for `levels` rows of `k` weights, one after the other from `weights` on;
   * within 1e-6.
   */
  softmax(out: Address, x: Address, weights: Address, biases: Address, k: number, levels: number): void;
  /**
   * A step of Adam [Kingma15] over `n` floats: with g the gradient plus `decay` times the weight,
   * `m = .9 m + .1 g`, `v = .999 v + .001 g²`, `w -= rate m / (√v + 1e-7)`. Gradients are zero afterwards.
   */
  adam(weights: Address, gradients: Address, m: Address, v: Address, n: number, rate: number, decay: number): void;
  /** `velocity = momentum velocity + rate (gradient - decay weight)`, `weight += velocity`. Gradients are zero afterwards. */
  ascend(
    weights: Address,
    gradients: Address,
    velocities: Address,
    n: number,
    momentum: number,
    rate: number,
    decay: number,
  ): void;
  /** `out[i] = max(0, a[i] + b[i])` over `n` floats; `out` may be `a` or `b`. */
  sumRelu(out: Address, a: Address, b: Address, n: number): void;
  /** `out[o] = bias[o] + Σ_i x[i] weights[i, o]`, weights row-major [inputs, outputs]; with `relu` 1 at least 0. */
  dense(out: Address, x: Address, weights: Address, bias: Address, inputs: number, outputs: number, relu: number): void;
  /**
   * Ridge regression: `w = (noise I + Σ_e z zᵀ)⁻¹ Σ_e z (factor_e - centre)`, `k` floats. An entry's row holds `k` floats z, a
   * multiple of four, and a centre after them. Sums are of doubles. `scratch` has `ridgeScratchCells(n, k)`.
   * False, and `w` untouched, when the matrix is not positive definite or not finite.
   */
  ridge(w: Address, entries: Address, n: number, k: number, noise: number, scratch: Address): boolean;
}

export const ridgeScratchCells = (n: number, k: number): number => 2 * (n * (k + 2) + k * (k + 1) + 2 * k);
