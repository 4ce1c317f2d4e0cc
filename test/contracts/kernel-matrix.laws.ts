import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covarianceScratchCells, paddedCount, type Kernel } from '../../src/kernel/kernel.ts';
import { floats, Operands, sum } from './kernel-rows.ts';

interface Part {
  readonly counts: readonly number[];
}
interface Rated {
  readonly first: Part;
  readonly second: Part | null;
  readonly scale: number;
  readonly positions: number;
  readonly seconds: number;
  readonly added: number;
}

const prior = [0.2, 0.08, 0.07, 0.06, 0.15, 0.3, -1 / 15, -1 / 30, -1 / 7200];

/** The doc comment of `Kernel.covariances`, in float64. */
function covariance(rated: readonly Rated[], counts: readonly number[][], i: number, j: number): number {
  const [level, position, moment, session, similarity, squared, ...rates] = prior;
  const gaps = rated.slice(i, j);
  const positions = sum(gaps.map((one) => one.positions));
  const seconds = sum(gaps.map((one) => one.seconds));
  const cosine = sum(counts[i]!.map((value, c) => value * counts[j]![c]!)) * rated[i]!.scale * rated[j]!.scale;
  return (
    level! +
    position! * Math.exp(rates[0]! * positions) +
    moment! * Math.exp(rates[1]! * seconds) +
    session! * Math.exp(rates[2]! * seconds) +
    cosine * (similarity! + squared! * Math.max(cosine, 0)) +
    (i === j ? rated[i]!.added : 0)
  );
}

export function matrixLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  it('covariances are those of the equation, each sketch the sum of its parts', () => {
    const cases = fc
      .record({ n: fc.integer({ min: 1, max: 13 }), sketchAt: fc.nat(9), fours: fc.integer({ min: 1, max: 5 }) })
      .chain(({ n, sketchAt, fours }) => {
        const width = 8 * fours;
        const part = fc.record({
          counts: fc.array(fc.integer({ min: -200, max: 200 }), { minLength: width, maxLength: width }),
        });
        const rated: fc.Arbitrary<Rated> = fc.record({
          first: part,
          second: fc.option(part),
          scale: fc.constantFrom(0, 0.001, 0.004),
          positions: fc.integer({ min: 1, max: 200 }),
          seconds: fc.constantFrom(0, 1, 50, 4000, 1e8),
          added: fc.constantFrom(0, 0.75),
        });
        return fc.record({
          sketchAt: fc.constant(sketchAt),
          sketchCells: fc.constant(4 * fours),
          rated: fc.array(rated, { minLength: n, maxLength: n }),
        });
      });
    fc.assert(
      fc.property(cases, ({ sketchAt, sketchCells, rated }) => {
        const n = rated.length;
        const put = ({ counts }: Part): number => {
          const operand = operands.words(Array<number>(sketchAt + sketchCells).fill(0));
          operand.block.shorts.set(counts, 2 * (operand.address - operand.block.address + sketchAt));
          return operand.address;
        };
        const parts = operands.words(
          rated.flatMap(({ first, second }) => [put(first), second === null ? 0 : put(second)]),
        );
        const padded = Array<number>(paddedCount(n) - n).fill(0);
        const terms = operands.floats(
          [
            rated.map((one) => one.scale),
            rated.map((one) => one.positions),
            rated.map((one) => one.seconds),
            rated.map((one) => one.added),
          ].flatMap((row) => [...row, ...padded]),
        );
        const stride = paddedCount(n) + 4;
        const matrix = operands.floats(Array<number>(n * stride).fill(-1));
        const scratch = operands.words(Array<number>(covarianceScratchCells(n, sketchCells)).fill(0));
        kernel.covariances(
          parts.address,
          n,
          sketchAt,
          sketchCells,
          terms.address,
          operands.floats(prior).address,
          matrix.address,
          stride,
          scratch.address,
        );
        const counts = rated.map(({ first, second }) =>
          first.counts.map((value, c) => value + (second?.counts[c] ?? 0)),
        );
        const found = matrix.now();
        for (let i = 0; i < n; i++) {
          for (let j = i; j < n; j++) {
            const exact = covariance(rated, counts, i, j);
            expect(Math.abs(found[i * stride + j]! - exact)).toBeLessThan(1e-5 * (1 + Math.abs(exact)));
          }
          expect(found.slice(i * stride + paddedCount(n), (i + 1) * stride)).toEqual([-1, -1, -1, -1]);
        }
        operands.finish();
      }),
    );
  });

  /** M Mᵀ / d + I: positive definite whatever M is. */
  const definite = fc
    .integer({ min: 1, max: 48 })
    .chain((d) => fc.tuple(floats(d * d), floats(d), fc.integer({ min: 0, max: d }), fc.constant(d)));
  const full = (m: readonly number[], d: number, i: number, j: number): number =>
    Math.fround((i === j ? 1 : 0) + sum(Array.from({ length: d }, (_, c) => m[i * d + c]! * m[j * d + c]!)) / d);

  it('eliminate: L Lᵀ is the matrix, what stands beside it is divided by L, and the rest is its Schur complement', () => {
    fc.assert(
      fc.property(definite, ([m, beside, n, d]) => {
        const width = paddedCount(d + 1);
        const stride = width + 4;
        const a = Array.from({ length: d }, (_, i) => [
          ...Array.from({ length: d }, (_, j) => full(m, d, i, j)),
          beside[i]!,
        ]);
        const rows = a.flatMap((row) => [...row, ...Array<number>(stride - d - 1).fill(0)]);
        const matrix = operands.floats(rows);
        expect(kernel.eliminate(matrix.address, n, d, width, stride, 1e-6)).toBe(true);
        const found = matrix.now();
        const upper = (k: number, j: number) => (k === j ? 1 / found[k * stride + k]! : found[k * stride + j]!);
        for (let i = 0; i < d; i++) {
          for (let j = i; j <= d; j++) {
            const explained = sum(Array.from({ length: Math.min(n, i + 1) }, (_, k) => upper(k, i) * upper(k, j)));
            const left = i < n ? 0 : found[i * stride + j]!;
            expect(Math.abs(explained + left - a[i]![j]!)).toBeLessThan(2e-5);
          }
        }
        operands.finish();
      }),
    );
  });

  describe('eliminate refuses', () => {
    it.each([
      ['a negative pivot', [1, 2, 2, 1]],
      ['a pivot not above the floor', [1, 1, 1, 1.0005]],
      ['a pivot that is no number', [1, NaN, NaN, 1]],
      ['an infinite pivot', [1, 0, 0, Infinity]],
    ])('%s', (_, [a, b, c, d]) => {
      const matrix = operands.floats([a!, b!, 0, 0, c!, d!, 0, 0]);
      expect(kernel.eliminate(matrix.address, 2, 2, 4, 4, 1e-3)).toBe(false);
      operands.finish();
    });
  });
}
