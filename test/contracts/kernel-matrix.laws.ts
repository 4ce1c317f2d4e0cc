import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gramScratchCells, packedSize, type Kernel } from '../../src/kernel/kernel.ts';
import { dotBound, floats, Operands, sum } from './kernel-rows.ts';

export function matrixLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  it('gram has the dots of all pairs, of factors and of sketches, each row the sum of its parts', () => {
    const cases = fc
      .record({
        n: fc.integer({ min: 0, max: 13 }),
        k: fc.integer({ min: 0, max: 37 }),
        between: fc.nat(3),
        sketch: fc.nat(21),
      })
      .chain(({ n, k, between, sketch }) => {
        const counts = fc.array(fc.integer({ min: -2000, max: 2000 }), {
          minLength: 2 * sketch,
          maxLength: 2 * sketch,
        });
        const part = fc.record({ factors: floats(k), counts });
        const row = fc.record({ first: part, second: fc.option(part) });
        return fc.record({
          k: fc.constant(k),
          sketchAt: fc.constant(k + between),
          sketch: fc.constant(sketch),
          rows: fc.array(row, { minLength: n, maxLength: n }),
        });
      });
    fc.assert(
      fc.property(cases, ({ k, sketchAt, sketch, rows }) => {
        const n = rows.length;
        const put = (part: { factors: number[]; counts: number[] }): number => {
          const operand = operands.words(Array<number>(sketchAt + sketch).fill(0));
          const at = operand.address - operand.block.address;
          operand.block.floats.set(part.factors, at);
          operand.block.shorts.set(part.counts, 2 * (at + sketchAt));
          return operand.address;
        };
        const parts = operands.words(
          rows.flatMap(({ first, second }) => [put(first), second === null ? 0 : put(second)]),
        );
        const scratch = operands.words(Array<number>(gramScratchCells(n, k, sketch)).fill(0));
        const dots = operands.floats(Array<number>(packedSize(n)).fill(0));
        const counted = operands.floats(Array<number>(packedSize(n)).fill(-1));
        kernel.gram(
          parts.address,
          n,
          k,
          sketchAt,
          sketch,
          scratch.address,
          dots.address,
          sketch === 0 ? 0 : counted.address,
        );
        const whole = rows.map(({ first, second }) => ({
          factors: first.factors.map((value, f) => Math.fround(value + (second?.factors[f] ?? 0))),
          counts: first.counts.map((value, c) => value + (second?.counts[c] ?? 0)),
        }));
        const [foundDots, foundCounts] = [dots.now(), counted.now()];
        for (let i = 0, at = 0; i < n; i++) {
          for (let j = 0; j <= i; j++, at++) {
            const products = whole[i]!.factors.map((value, f) => value * whole[j]!.factors[f]!);
            expect(Math.abs(foundDots[at]! - sum(products))).toBeLessThanOrEqual(dotBound(products));
            const exact = sum(whole[i]!.counts.map((value, c) => value * whole[j]!.counts[c]!));
            expect(foundCounts[at]).toBe(sketch === 0 ? -1 : Math.fround(exact));
          }
        }
        operands.finish();
      }),
    );
  });

  /** M Mᵀ / d + I: positive definite whatever M is. */
  const definite = fc.integer({ min: 1, max: 48 }).chain((d) => fc.tuple(floats(d * d), floats(d), fc.constant(d)));
  const full = (m: readonly number[], d: number, i: number, j: number): number =>
    Math.fround((i === j ? 1 : 0) + sum(Array.from({ length: d }, (_, c) => m[i * d + c]! * m[j * d + c]!)) / d);
  const packed = (m: readonly number[], d: number): number[] =>
    Array.from({ length: d }, (_, i) => Array.from({ length: i + 1 }, (_, j) => full(m, d, i, j))).flat();

  it('factor and forward: L Lᵀ is the matrix, and forward undoes L', () => {
    fc.assert(
      fc.property(definite, ([m, truth, d]) => {
        const a = packed(m, d);
        const factored = operands.floats(a);
        expect(kernel.factor(factored.address, d, 1e-6)).toBe(true);
        const l = factored.now();
        const cell = (i: number, j: number) => (i === j ? 1 / l[packedSize(i) + i]! : l[packedSize(i) + j]!);
        for (let i = 0; i < d; i++) {
          for (let j = 0; j <= i; j++) {
            const product = sum(Array.from({ length: j + 1 }, (_, c) => cell(i, c) * cell(j, c)));
            expect(Math.abs(product - a[packedSize(i) + j]!)).toBeLessThan(1e-5);
          }
        }
        const b = operands.floats(
          truth.map((_, i) => sum(Array.from({ length: i + 1 }, (_, c) => cell(i, c) * truth[c]!))),
        );
        kernel.forward(factored.address, b.address, d);
        b.now().forEach((value, i) => expect(Math.abs(value - truth[i]!)).toBeLessThan(1e-4));
        operands.finish();
      }),
    );
  });

  describe('factor refuses', () => {
    it.each([
      ['a negative pivot', [1, 2, 1]],
      ['a pivot not above the floor', [1, 1, 1.0005]],
      ['a pivot that is no number', [1, NaN, 1]],
      ['an infinite pivot', [1, 0, Infinity]],
    ])('%s', (_, a) => {
      expect(kernel.factor(operands.floats(a).address, 2, 1e-3)).toBe(false);
      operands.finish();
    });
  });
}
