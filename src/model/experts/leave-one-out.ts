/**
 * What a Gaussian process would answer without each of its observations, one at a time, from the factorization that its
 * answer was made with [Rasmussen06, section 5.4.2].
 *
 *   μ₋ₐ = μ - βₐ αₐ / (C⁻¹)ₐₐ,  α = C⁻¹ r,  β = C⁻¹ k,  C = L Lᵀ
 *
 * For somebody who asks, not for the stream: it takes n³ / 6 steps and makes arrays.
 */

/**
 * By how much each observation moves the answer, [n]. `matrix`: n rows of `stride` floats, as `Kernel.eliminate` leaves them: Lᵀ with
 * the inverses of its diagonal, then L⁻¹ k and L⁻¹ r in columns n and n + 1.
 */
export function shiftsOfEach(matrix: ArrayLike<number>, stride: number, n: number): Float64Array {
  const shifts = new Float64Array(n);
  const column = new Float64Array(n);
  for (let a = 0; a < n; a++) {
    // Column a of L⁻¹, from its diagonal on; C⁻¹ = L⁻ᵀ L⁻¹.
    let alpha = 0;
    let beta = 0;
    let diagonal = 0;
    for (let i = a; i < n; i++) {
      let sum = i === a ? 1 : 0;
      for (let j = a; j < i; j++) sum -= matrix[j * stride + i]! * column[j]!;
      const value = sum * matrix[i * stride + i]!;
      column[i] = value;
      beta += value * matrix[i * stride + n]!;
      alpha += value * matrix[i * stride + n + 1]!;
      diagonal += value * value;
    }
    shifts[a] = (beta * alpha) / diagonal;
  }
  return shifts;
}
