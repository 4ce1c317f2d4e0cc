/**
 * The numeric inner loops, as one interface with two implementations: WebAssembly SIMD (simd.ts) and plain TypeScript
 * (plain.ts). Both pass test/contracts/kernel.contract.ts and agree within 1e-5; each gives the same bits every time.
 *
 * Operands are addresses in `memory`, in cells of 32 bits; counts are in elements. Nothing here allocates. Operands may not overlap
 * unless it is said.
 */
import type { NetworkKernel } from './network-kernel.ts';
import type { Address, RowMemory } from './row-memory.ts';

export type KernelName = 'plain' | 'simd';

export interface Kernel extends NetworkKernel {
  readonly name: KernelName;
  /** Where all operands are. */
  readonly memory: RowMemory;
  /** Sum of `a[i] * b[i]` over `k` floats. */
  dot(a: Address, b: Address, k: number): number;
  /** `out[i] = a[i]` over `n` floats, bit for bit. */
  copy(out: Address, a: Address, n: number): void;
  /** `out[i] += a[i]` over `n` floats. */
  add(out: Address, a: Address, n: number): void;
  /** `out[i] += factor * a[i]` over `n` floats; `factor` is rounded to float32. */
  axpy(out: Address, a: Address, n: number, factor: number): void;
  /** `out[i] = a[i] + b[i]` over `n` floats; `out` may be `a` or `b`. */
  sum(out: Address, a: Address, b: Address, n: number): void;
  /** The `k` initial floats that follow from a hash (`fillSeeded`), the same bits in every kernel. */
  seeded(out: Address, k: number, seed: number, deviation: number): void;

  /**
   * Sketches are 16-bit counts, two in a cell. Sums wrap around, so that what was added can always be taken out again; the
   * dot product is exact while it, and every partial sum, is below 2^31 (cells within ±4096 and 256 of them, for example).
   */
  sketchDot(a: Address, b: Address, cells: number): number;
  sketchAdd(out: Address, a: Address, cells: number): void;
  /**
   * Dots of a sketch with those of `n` rows, whose addresses are words from `rows` on (0: no row), added to the floats from
   * `dots` on; the float at `numberAt` of each row is added to those from `numbers` on.
   */
  sketchDots(
    sketch: Address,
    rows: Address,
    n: number,
    sketchAt: number,
    cells: number,
    numberAt: number,
    dots: Address,
    numbers: Address,
  ): void;

  /**
   * One step of biased matrix factorization [Koren09] on the residual that biases leave:
   * `e = residual - p·q`; `p += userRate (e q - λ p)`; `dq += itemRate (e p - λ q)` with the `p` from before the step.
   * `q` (the item's sum of contributions) is read only; the change is added to `own`, the task's contribution.
   */
  sgdStep(
    p: Address,
    q: Address,
    own: Address,
    k: number,
    residual: number,
    userRate: number,
    itemRate: number,
    regularization: number,
  ): void;
  /**
   * `sgdStep` of one user against `n` items in turn, each as it is by then. An entry is four cells: address of the item's
   * rest, of its contribution, rating, weight (the last two float32). An item is `rest + own`: k factors, then the sums of
   * residuals and of weights. With `w` the weight, at most 1:
   * `residual = rating - base - residuals / (weights + itemDamping)`, `userRate w`, and
   * `itemRate = w max(floor, first / (1 + weights / halfCount))`.
   */
  replay(
    p: Address,
    entries: Address,
    n: number,
    k: number,
    base: number,
    itemDamping: number,
    userRate: number,
    first: number,
    floor: number,
    halfCount: number,
    regularization: number,
  ): void;

  /**
   * How `n` ratings of one user covary, in the order in which they were given (the prior of the posterior expert has the equation):
   *   `level + position f + moment g + session h + c (similarity + squared max(c, 0))`,  `c = scale_i scale_j s_i·s_j`
   * `parts` holds two addresses (words) a rating: the sketch of its item, `sketchCells` cells (a multiple of four) from
   * `sketchAt` on, is the sum of both, or the first alone where the second is 0.
   * `terms`: four rows of n floats, each padded to a multiple of four: scales; positions to the next rating; seconds to it; what is
   * added on the diagonal. f, g, h: products of e^(rate gap) over the gaps between the two.
   * `prior`: level, position, moment, session, similarity, squared; rates of f, g, h.
   * Fills the upper triangle of `matrix`, n rows of `stride` floats (a multiple of four). What it leaves in the other columns
   * below the padded n is of no use. `scratch` has `covarianceScratchCells`.
   */
  covariances(
    parts: Address,
    n: number,
    sketchAt: number,
    sketchCells: number,
    terms: Address,
    prior: Address,
    matrix: Address,
    stride: number,
    scratch: Address,
  ): void;
  /**
   * Cholesky's elimination in the upper triangle of a symmetric matrix of floats, `rows` rows of `stride`, of which the first
   * `n` are eliminated: they become Lᵀ, with the inverses of its diagonal in place of it, and L⁻¹ times whatever columns stand
   * beside the matrix. The rows after them become their Schur complement. `width`: columns in all (like `stride` a multiple of four).
   * False when a pivot is not above `floor` or not finite; what is in place then is of no use.
   */
  eliminate(matrix: Address, n: number, rows: number, width: number, stride: number, floor: number): boolean;

  /** Sum of `a[i] * b[i]` over `d` doubles. */
  dotDoubles(a: Address, b: Address, d: number): number;
  /**
   * `sums += weight · x xᵀ` on the packed lower triangle of doubles, row-major [d (d + 1) / 2]. A shorter `x` adds to the
   * leading block only, because that is a prefix of the packed cells.
   */
  addOuter(sums: Address, x: Address, d: number, weight: number): void;
  /**
   * Solves `A w = b` for a symmetric positive definite `A` of doubles (packed lower triangle) by Cholesky; `scratch` has at
   * least the size of `A`. False, and `w` untouched, when a pivot is not positive or not finite.
   */
  solve(a: Address, b: Address, w: Address, d: number, scratch: Address): boolean;
  /**
   * Recursive least squares [Haykin02]: `g = P x`, `P = (P - g gᵀ / s) / decay` on the packed lower triangle of doubles.
   * Leaves `P x`, with the P from before, in `gain`; returns `s = decay + x·P x`, so that `g / s` is what moves the weights.
   */
  updateInverse(p: Address, x: Address, d: number, decay: number, gain: Address): number;

  /**
   * Offers `count` rows (a multiple of four), numbered from `firstRow` on, to a heap of the `capacity` best:
   *   `score = biases[r] + user·(heads[r], tails[r])`, heads of `headFactors`, tails of `tail` floats (a multiple of four).
   * Heads lie in groups of four rows, factor by factor: the first factor of each of the four, then the second, and so on.
   * An entry is two cells, score (float32) and row; the worst comes first. A bias of -Infinity means: not a row. Of equal
   * scores the row offered first stays. Returns the heap's new size.
   *
   * A tail is read only when it may matter: it adds at most `userTailNorm * tailNorms[r]` (Cauchy-Schwarz), so both must be
   * upper bounds with some room for rounding (`boundOfNorm`). What is found is the same as without that bound, bit for bit.
   */
  topScan(
    heap: Address,
    size: number,
    capacity: number,
    biases: Address,
    tailNorms: Address,
    heads: Address,
    tails: Address,
    tail: number,
    count: number,
    firstRow: number,
    user: Address,
    userTailNorm: number,
  ): number;
}

/** Factors in the head of a row that `topScan` reads: of many items these tell all but one in a thousand off from the best. */
export const headFactors = 16;

/** An upper bound of the length of a vector, of which `from..to` are the cells, that holds for sums in float32 as well. */
export function boundOfNorm(cells: Float32Array, from: number, to: number): number {
  let squares = 0;
  for (let i = from; i < to; i++) squares += cells[i]! * cells[i]!;
  return Math.sqrt(squares) * 1.00001;
}

/** Cells of the packed lower triangle of a d x d matrix. */
export const packedSize = (d: number): number => (d * (d + 1)) / 2;

/** Counts, padded to whole vectors of floats. */
export const paddedCount = (n: number): number => (n + 3) & ~3;

export const covarianceScratchCells = (n: number, sketchCells: number): number => paddedCount(n) * (sketchCells + 6);
