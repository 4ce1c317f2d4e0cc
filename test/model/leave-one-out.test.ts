import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionShares } from '../../src/model/experts/interaction-shares.ts';
import { shiftsOfEach } from '../../src/model/experts/leave-one-out.ts';

/** k·C⁻¹ r by Gaussian elimination, on the observations that are kept. */
function meanOf(
  matrix: readonly number[][],
  cross: readonly number[],
  right: readonly number[],
  kept: number[],
): number {
  const n = kept.length;
  const rows = kept.map((i) => [...kept.map((j) => matrix[i]![j]!), right[i]!]);
  for (let p = 0; p < n; p++) {
    for (let i = p + 1; i < n; i++) {
      const factor = rows[i]![p]! / rows[p]![p]!;
      for (let j = p; j <= n; j++) rows[i]![j] = rows[i]![j]! - factor * rows[p]![j]!;
    }
  }
  const solved: number[] = Array.from({ length: n }, () => 0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) sum -= rows[i]![j]! * solved[j]!;
    solved[i] = sum / rows[i]![i]!;
  }
  return kept.reduce((sum, i, at) => sum + cross[i]! * solved[at]!, 0);
}

/** As `Kernel.eliminate` leaves it: n rows of Lᵀ, with L⁻¹ k and L⁻¹ r beside it. */
function eliminated(matrix: readonly number[][], cross: readonly number[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, cross[i]!, right[i]!]);
  rows.forEach((row, j) => {
    for (let k = 0; k < j; k++) for (let c = row.length - 1; c >= j; c--) row[c]! -= rows[k]![j]! * rows[k]![c]!;
    const inverse = 1 / Math.sqrt(row[j]!);
    for (let c = j + 1; c < row.length; c++) row[c]! *= inverse;
    row[j] = inverse;
  });
  return rows.flat();
}

const numbers = (n: number) => fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n, maxLength: n });

describe('the shift of an observation', () => {
  it('is what the answer loses when the process is solved anew without it', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 6 })
          .chain((n) => fc.tuple(fc.array(numbers(n), { minLength: n, maxLength: n }), numbers(n), numbers(n))),
        ([half, cross, right]) => {
          const n = half.length;
          const matrix = half.map((a, i) =>
            half.map((b, j) => a.reduce((sum, v, m) => sum + v * b[m]!, 0) + (i === j ? 1 : 0)),
          );
          const shifts = shiftsOfEach(eliminated(matrix, cross, right), n + 2, n);
          const all = [...matrix.keys()];
          const whole = meanOf(matrix, cross, right, all);
          for (const a of all) {
            const without = meanOf(
              matrix,
              cross,
              right,
              all.filter((i) => i !== a),
            );
            expect(shifts[a]).toBeCloseTo(whole - without, 8);
          }
        },
      ),
    );
  });
});

describe('shares in the interaction', () => {
  it('add up to it, in proportion to the pulls', () => {
    expect(interactionShares([3, 1], 0.8)).toEqual([expect.closeTo(0.6, 12), expect.closeTo(0.2, 12)]);
    expect(interactionShares([-3, 1], -0.4)).toEqual([expect.closeTo(-0.6, 12), expect.closeTo(0.2, 12)]);
  });

  it.each([
    ['nobody pulls', [0, 0], 0.5],
    ['there are none', [], 0.5],
    ['they pull the other way', [1, 2], -0.5],
    ['they cancel each other', [10, -9.9], 0.5],
  ])('are not claimed when %s', (_name, pulls, interaction) => {
    expect(interactionShares(pulls, interaction)).toBeNull();
  });
});
