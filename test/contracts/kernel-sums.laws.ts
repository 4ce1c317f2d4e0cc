import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packedSize, type Kernel } from '../../src/kernel/kernel.ts';
import { doubles, Operands, sum } from './kernel-rows.ts';

const dimension = fc.integer({ min: 1, max: 91 });

export function sumsLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  it('dotDoubles is the sum of products', () => {
    fc.assert(
      fc.property(
        dimension.chain((d) => fc.tuple(doubles(d), doubles(d))),
        ([a, b]) => {
          const found = kernel.dotDoubles(operands.doubles(a).address, operands.doubles(b).address, a.length);
          operands.finish();
          expect(Math.abs(found - sum(a.map((value, i) => value * b[i]!)))).toBeLessThan(1e-12);
        },
      ),
    );
  });

  it('addOuter adds weight times x xᵀ to the packed lower triangle; a shorter x to its leading block only', () => {
    fc.assert(
      fc.property(
        dimension.chain((d) => fc.tuple(doubles(d), doubles(packedSize(d)), fc.integer({ min: 0, max: d }))),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        ([x, before, leading], weight) => {
          const sums = operands.doubles(before);
          kernel.addOuter(sums.address, operands.doubles(x).address, leading, weight);
          const expected = [...before];
          for (let i = 0, at = 0; i < leading; i++) {
            for (let j = 0; j <= i; j++, at++) expected[at] = before[at]! + weight * x[i]! * x[j]!;
          }
          sums.now().forEach((value, at) => expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-12));
          expect(sums.now().slice(packedSize(leading))).toEqual(before.slice(packedSize(leading)));
          operands.finish();
        },
      ),
    );
  });

  /** A, b and a w of sevens; what `solve` says, and w afterwards. */
  function solved(a: readonly number[], b: readonly number[]): { ok: boolean; w: number[] } {
    const [matrix, right] = [operands.doubles(a), operands.doubles(b)];
    const w = operands.doubles(b.map(() => 7));
    const scratch = operands.doubles(a.map(() => 0));
    const ok = kernel.solve(matrix.address, right.address, w.address, b.length, scratch.address);
    expect([matrix.now(), right.now()]).toEqual([a, b]);
    const found = w.now();
    operands.finish();
    return { ok, w: found };
  }

  it('solve: a system worked by hand', () => {
    // 4x + 2y = 8, 2x + 3y = 8: y = 2, x = 1.
    const { ok, w } = solved([4, 2, 3], [8, 8]);
    expect(ok).toBe(true);
    expect(w[0]).toBeCloseTo(1, 14);
    expect(w[1]).toBeCloseTo(2, 14);
  });

  it('solve finds the w that b was made from, and leaves A and b alone', () => {
    const systems = fc.integer({ min: 1, max: 41 }).chain((d) => fc.tuple(doubles(d * d), doubles(d)));
    fc.assert(
      fc.property(systems, ([m, truth]) => {
        const d = truth.length;
        // A = MMᵀ + I is positive definite whatever M is.
        const full = (i: number, j: number): number =>
          (i === j ? 1 : 0) + sum(Array.from({ length: d }, (_, c) => m[i * d + c]! * m[j * d + c]!));
        const a = Array.from({ length: d }, (_, i) => Array.from({ length: i + 1 }, (_, j) => full(i, j))).flat();
        const { ok, w } = solved(
          a,
          truth.map((_, i) => sum(truth.map((value, j) => full(i, j) * value))),
        );
        expect(ok).toBe(true);
        w.forEach((value, i) => expect(Math.abs(value - truth[i]!)).toBeLessThan(1e-8));
      }),
    );
  });

  it.each([
    ['a negative pivot', [1, 2, 1]],
    ['a pivot of zero', [1, 1, 1]],
    ['a first pivot of zero', [0, 0, 1]],
    ['a pivot that is no number', [1, NaN, 1]],
    ['an infinite pivot', [1, 0, Infinity]],
  ])('solve refuses %s and leaves w as it was', (_, a) => {
    expect(solved(a, [1, 1])).toEqual({ ok: false, w: [7, 7] });
  });

  it('solve refuses at the last pivot of a large system and leaves w as it was', () => {
    const d = 20;
    const a = Array<number>(packedSize(d)).fill(0);
    for (let i = 0; i < d; i++) a[packedSize(i + 1) - 1] = i === d - 1 ? -1 : 2;
    expect(solved(a, Array<number>(d).fill(1))).toEqual({ ok: false, w: Array(d).fill(7) });
  });

  it('updateInverse keeps the inverse of what addOuter sums up, faded', () => {
    const cases = fc
      .integer({ min: 1, max: 9 })
      .chain((d) => fc.tuple(fc.array(doubles(d), { maxLength: 5 }), fc.constant(d)));
    fc.assert(
      fc.property(cases, fc.constantFrom(1, 0.9), ([events, d], decay) => {
        const unit = Array.from({ length: packedSize(d) }, () => 0);
        for (let i = 0; i < d; i++) unit[packedSize(i + 1) - 1] = 1;
        const p = operands.doubles(unit);
        const gain = operands.doubles(Array<number>(d).fill(-1));
        let sums = unit;
        for (const event of events) {
          const x = operands.doubles(event);
          const cellOf = (i: number, j: number) => p.now()[packedSize(Math.max(i, j)) + Math.min(i, j)]!;
          const px = event.map((_, i) => sum(event.map((value, j) => cellOf(i, j) * value)));
          const s = kernel.updateInverse(p.address, x.address, d, decay, gain.address);
          gain.now().forEach((value, i) => expect(Math.abs(value - px[i]!)).toBeLessThan(1e-9));
          expect(s).toBeCloseTo(decay + sum(event.map((value, i) => value * px[i]!)), 9);
          const faded = operands.doubles(sums.map((value) => value * decay));
          kernel.addOuter(faded.address, x.address, d, 1);
          sums = faded.now();
        }
        const [inverse, matrix] = [p.now(), sums];
        const at = (cells: number[], i: number, j: number) => cells[packedSize(Math.max(i, j)) + Math.min(i, j)]!;
        for (let i = 0; i < d; i++) {
          for (let j = 0; j < d; j++) {
            const product = sum(Array.from({ length: d }, (_, c) => at(inverse, i, c) * at(matrix, c, j)));
            expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-7);
          }
        }
        operands.finish();
      }),
    );
  });
}
