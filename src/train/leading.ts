/** Leading eigenvectors of a symmetric matrix that is only known by its products, by orthogonal iteration [Golub13]. */
import type { Chance } from './chance.ts';

/** `multiply`: a vector of `length` to its product with the matrix. Each result has length 1, or is zero where nothing is left. */
export function leadingVectors(
  multiply: (vector: Float64Array) => Float64Array,
  length: number,
  count: number,
  turns: number,
  drawn: Chance,
): Float64Array[] {
  let vectors: Float64Array[] = Array.from({ length: count }, () =>
    Float64Array.from({ length }, () => drawn.centred()),
  );
  for (let turn = 0; turn < turns; turn++) {
    vectors = vectors.map(multiply);
    orthonormalize(vectors);
  }
  return vectors;
}

/** Gram-Schmidt. A direction that the others leave nothing of is zero. */
function orthonormalize(vectors: readonly Float64Array[]): void {
  vectors.forEach((vector, r) => {
    const before = dot(vector, vector);
    for (const other of vectors.slice(0, r)) {
      const shared = dot(vector, other);
      for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! - shared * other[i]!;
    }
    const length = Math.sqrt(dot(vector, vector));
    const scale = length > 1e-6 * Math.sqrt(before) && length > 0 ? 1 / length : 0;
    for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! * scale;
  });
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
