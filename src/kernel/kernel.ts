/**
 * The numeric inner loops, as one interface. Two implementations are meant: plain TypeScript (plain.ts) and, later,
 * WebAssembly SIMD; both pass test/contracts/kernel.contract.ts. Vectors are given as an array and the offset of their
 * first cell, so that rows of an arena are used in place. Nothing here allocates.
 */
export interface Kernel {
  readonly name: string;
  /** Sum of `a[i] * b[i]` over `k` cells. */
  dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, k: number): number;
  /** `out[i] += a[i]` over `n` cells. */
  add(out: Float32Array, outAt: number, a: Float32Array, aAt: number, n: number): void;
  /**
   * One step of biased matrix factorization [Koren09] on the residual that biases leave:
   * `e = residual - p·q`; `p += userRate (e q - λ p)`; `dq += itemRate (e p - λ q)` with the `p` from before the step.
   * `q` (the item's sum of contributions) is read only; the change is added to `own`, the task's contribution.
   */
  sgdStep(
    p: Float32Array,
    pAt: number,
    q: Float32Array,
    qAt: number,
    own: Float32Array,
    ownAt: number,
    k: number,
    residual: number,
    userRate: number,
    itemRate: number,
    regularization: number,
  ): void;
  /**
   * `sums += weight · x xᵀ` on the packed lower triangle, row-major [d (d + 1) / 2]. A shorter `x` adds to the leading
   * block only, because that is a prefix of the packed cells.
   */
  addOuter(sums: Float64Array, sumsAt: number, x: Float64Array, d: number, weight: number): void;
  /**
   * Solves `A w = b` for a symmetric positive definite `A` (packed lower triangle) by Cholesky; `scratch` has at least the
   * size of `A`. False, and `w` untouched, when a pivot is not positive or not finite.
   */
  solve(a: Float64Array, b: Float64Array, w: Float64Array, d: number, scratch: Float64Array): boolean;
}

/** Cells of the packed lower triangle of a d x d matrix. */
export const packedSize = (d: number): number => (d * (d + 1)) / 2;
