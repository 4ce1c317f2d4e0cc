/**
 * The laws of src/kernel/kernel.ts, for every implementation: `describeKernelContract(name, kernel)`.
 *
 * References are written in float64 and from the definitions. Sums may be made in another order and in float32 (SIMD), so
 * they are compared within a bound that follows from their terms: float32 rounds by 6e-8 of each.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedSize, type Kernel } from '../../src/kernel/kernel.ts';

const float32Ulp = 6e-8;
/** Rows begin anywhere in an arena: cells before and after must stay. */
const margin = 3;

const sizes = fc.integer({ min: 0, max: 67 });
const cell = fc.float({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true });
const vectorOf = (n: number) => fc.array(cell, { minLength: n, maxLength: n });
const vectors = (count: number) =>
  sizes.chain((n) => fc.tuple(...Array.from({ length: count }, () => vectorOf(n + 2 * margin))));
const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0);
const inside = <T>(cells: readonly T[]): readonly T[] => cells.slice(margin, cells.length - margin);

export function describeKernelContract(name: string, kernel: Kernel): void {
  describe(`kernel contract: ${name}`, () => {
    describe('dot', () => {
      it('is the sum of products, for lengths that no vector width divides too', () => {
        fc.assert(
          fc.property(vectors(2), ([a, b]) => {
            const k = a!.length - 2 * margin;
            const products = inside(a!).map((value, i) => value * inside(b!)[i]!);
            const found = kernel.dot(Float32Array.from(a!), margin, Float32Array.from(b!), margin, k);
            const bound = (k + 2) * float32Ulp * sum(products.map(Math.abs));
            expect(Math.abs(found - sum(products))).toBeLessThanOrEqual(bound);
          }),
        );
      });
    });

    describe('add', () => {
      it('adds cell by cell, rounded once, and touches nothing else', () => {
        fc.assert(
          fc.property(vectors(2), ([a, b]) => {
            const n = a!.length - 2 * margin;
            const out = Float32Array.from(b!);
            const added = Float32Array.from(a!);
            kernel.add(out, margin, added, margin, n);
            const isInside = (i: number) => i >= margin && i < margin + n;
            expect([...out]).toEqual(b!.map((value, i) => (isInside(i) ? Math.fround(value + a![i]!) : value)));
            expect([...added]).toEqual(a);
          }),
        );
      });
    });

    describe('sgdStep', () => sgdLaws(kernel));
    describe('addOuter', () => outerLaws(kernel));
    describe('solve', () => solveLaws(kernel));
  });
}

const rate = fc.double({ min: 0.001, max: 0.1, noNaN: true });
const residuals = fc.double({ min: -4, max: 4, noNaN: true });

function sgdLaws(kernel: Kernel): void {
  it('changes p and own by the gradient of the loss (finite differences), reads q only', () => {
    fc.assert(
      fc.property(vectors(3), residuals, rate, rate, rate, (rows, residual, userRate, itemRate, regularization) => {
        const [p, q, own] = rows.map((row) => Float32Array.from(row)) as [Float32Array, Float32Array, Float32Array];
        const k = p.length - 2 * margin;
        const before = { p: [...p], q: [...q], own: [...own] };
        kernel.sgdStep(p, margin, q, margin, own, margin, k, residual, userRate, itemRate, regularization);

        const at = { p: [...inside(before.p)], q: [...inside(before.q)] };
        const loss = (): number => {
          const error = residual - sum(at.p.map((value, f) => value * at.q[f]!));
          const squares = sum([...at.p, ...at.q].map((value) => value * value));
          return (error * error + regularization * squares) / 2;
        };
        const slope = (row: number[], f: number): number => {
          const [middle, h] = [row[f]!, 1e-4];
          row[f] = middle + h;
          const above = loss();
          row[f] = middle - h;
          const below = loss();
          row[f] = middle;
          return (above - below) / (2 * h);
        };
        for (let f = 0; f < k; f++) {
          // The error's own float32 rounding grows with k; 2e-5 is a hundredth of a percent of the largest steps here.
          expect(Math.abs(p[margin + f]! - at.p[f]! + userRate * slope(at.p, f))).toBeLessThan(2e-5);
          const moved = own[margin + f]! - before.own[margin + f]!;
          expect(Math.abs(moved + itemRate * slope(at.q, f))).toBeLessThan(2e-5);
        }
        expect([...q]).toEqual(before.q);
        for (const i of [0, 1, 2, p.length - 1, p.length - 2, p.length - 3]) {
          expect([p[i], own[i]]).toEqual([before.p[i], before.own[i]]);
        }
      }),
    );
  });

  it('moves the item by the p from before the step', () => {
    const p = Float32Array.of(1, 0);
    const q = Float32Array.of(0, 1);
    const own = new Float32Array(2);
    // e = 2 - 0; p += .5 (2 q - 0); own += .25 (2 p_before - 0).
    kernel.sgdStep(p, 0, q, 0, own, 0, 2, 2, 0.5, 0.25, 0);
    expect([...p]).toEqual([1, 1]);
    expect([...own]).toEqual([0.5, 0]);
  });
}

const doubles = (n: number) =>
  fc
    .array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n, maxLength: n })
    .map((x) => Float64Array.from(x));
const dimension = fc.integer({ min: 1, max: 41 });

function outerLaws(kernel: Kernel): void {
  it('adds weight times x xᵀ to the packed lower triangle; a shorter x to its leading block only', () => {
    fc.assert(
      fc.property(
        dimension.chain((d) =>
          fc.tuple(doubles(d), doubles(packedSize(d) + 2 * margin), fc.integer({ min: 0, max: d })),
        ),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        ([x, sums, leading], weight) => {
          const before = Float64Array.from(sums);
          kernel.addOuter(sums, margin, x, leading, weight);
          const expected = Float64Array.from(before);
          for (let i = 0; i < leading; i++) {
            for (let j = 0; j <= i; j++) {
              const at = margin + (i * (i + 1)) / 2 + j;
              expected[at] = before[at]! + weight * x[i]! * x[j]!;
            }
          }
          sums.forEach((value, at) => expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-12));
          const changed = Array.from(sums, (value, at) => (value === before[at] ? -1 : at)).filter((at) => at >= 0);
          expect(changed.every((at) => at >= margin && at < margin + packedSize(leading))).toBe(true);
        },
      ),
    );
  });
}

function solveLaws(kernel: Kernel): void {
  const solved = (a: Float64Array, b: Float64Array, w: Float64Array): boolean =>
    kernel.solve(a, b, w, w.length, new Float64Array(a.length));

  it('solves a system worked by hand', () => {
    // 4x + 2y = 8, 2x + 3y = 8: y = 2, x = 1.
    const w = new Float64Array(2);
    expect(solved(Float64Array.of(4, 2, 3), Float64Array.of(8, 8), w)).toBe(true);
    expect(w[0]).toBeCloseTo(1, 14);
    expect(w[1]).toBeCloseTo(2, 14);
  });

  it('finds the w that b was made from, and leaves A and b alone', () => {
    const systems = dimension.chain((d) => fc.tuple(doubles(d * d), doubles(d)));
    fc.assert(
      fc.property(systems, ([m, truth]) => {
        const d = truth.length;
        // A = MMᵀ + I is positive definite whatever M is.
        const full = (i: number, j: number): number => {
          let s = i === j ? 1 : 0;
          for (let c = 0; c < d; c++) s += m[i * d + c]! * m[j * d + c]!;
          return s;
        };
        const a = Float64Array.from({ length: packedSize(d) });
        for (let i = 0, at = 0; i < d; i++) for (let j = 0; j <= i; j++) a[at++] = full(i, j);
        const b = Float64Array.from({ length: d }, (_, i) => sum(Array.from(truth, (w, j) => full(i, j) * w)));
        const [aBefore, bBefore] = [Float64Array.from(a), Float64Array.from(b)];
        const w = new Float64Array(d);
        expect(solved(a, b, w)).toBe(true);
        w.forEach((value, i) => expect(Math.abs(value - truth[i]!)).toBeLessThan(1e-8));
        expect(a).toEqual(aBefore);
        expect(b).toEqual(bBefore);
      }),
    );
  });

  it.each([
    ['a negative pivot', [1, 2, 1]],
    ['a pivot of zero', [1, 1, 1]],
    ['a first pivot of zero', [0, 0, 1]],
    ['a pivot that is no number', [1, NaN, 1]],
    ['an infinite pivot', [1, 0, Infinity]],
  ])('refuses %s and leaves w as it was', (_, a) => {
    const w = Float64Array.of(7, 8);
    expect(solved(Float64Array.from(a), Float64Array.of(1, 1), w)).toBe(false);
    expect([...w]).toEqual([7, 8]);
  });

  it('refuses at the last pivot of a large system and leaves w as it was', () => {
    const d = 20;
    const a = Float64Array.from({ length: packedSize(d) });
    for (let i = 0; i < d; i++) a[packedSize(i + 1) - 1] = i === d - 1 ? -1 : 2;
    const w = new Float64Array(d).fill(0.5);
    expect(solved(a, new Float64Array(d).fill(1), w)).toBe(false);
    expect([...w]).toEqual(Array(d).fill(0.5));
  });
}
