import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundOfNorm, headFactors, paddedCount, type Kernel } from '../../src/kernel/kernel.ts';
import { Operands, sum } from './kernel-rows.ts';

/** Numbers whose products and sums are exact in float32, so that equal scores are equal in every order of summing. */
const exact = fc.integer({ min: -8, max: 8 }).map((steps) => steps / 8);

/** What stands at cell `r * headFactors + f` when heads lie in groups of four rows, factor by factor. */
function headCell(rows: readonly Float32Array[], r: number, f: number): number {
  const inGroup = (r % 4) * headFactors + f;
  return rows[r - (r % 4) + (inGroup % 4)]![Math.floor(inGroup / 4)]!;
}

export function topLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  it('keeps the best rows of all that were offered, the first of equal ones, over several calls', () => {
    const cases = fc.integer({ min: 1, max: 27 }).chain((k) =>
      fc.record({
        user: fc.array(exact, { minLength: k, maxLength: k }),
        rows: fc.array(
          fc.record({
            bias: fc.oneof({ weight: 5, arbitrary: exact }, { weight: 1, arbitrary: fc.constant(-Infinity) }),
            factors: fc.array(exact, { minLength: k, maxLength: k }),
          }),
          { maxLength: 60, size: 'max' },
        ),
        capacity: fc.integer({ min: 1, max: 20 }),
        cut: fc.nat(15).map((fours) => 4 * fours),
      }),
    );
    fc.assert(
      fc.property(cases, ({ user, rows, capacity, cut }) => {
        const padded = Math.max(headFactors, paddedCount(user.length));
        const tail = padded - headFactors;
        const pad = (row: readonly number[]): number[] => [...row, ...Array<number>(padded - row.length).fill(0)];
        const p = operands.floats(pad(user));
        const heap = operands.words(Array<number>(2 * capacity).fill(0));
        // Rows come by fours: what is missing is not a row.
        while (rows.length % 4 !== 0) rows.push({ bias: -Infinity, factors: user.map(() => 0) });
        const first = Math.min(cut, rows.length);
        let size = 0;
        for (const [from, to] of [
          [0, first],
          [first, rows.length],
        ] as const) {
          const part = rows.slice(from, to);
          const biases = operands.floats(part.map(({ bias }) => bias));
          const cells = part.map(({ factors }) => Float32Array.from(pad(factors)));
          const heads = operands.floats(
            cells.flatMap((_, r) => Array.from({ length: headFactors }, (_, f) => headCell(cells, r, f))),
          );
          const tails = operands.floats(cells.flatMap((row) => [...row.subarray(headFactors)]));
          const norms = operands.floats(cells.map((row) => boundOfNorm(row, headFactors, padded)));
          size = kernel.topScan(
            heap.address,
            size,
            capacity,
            biases.address,
            norms.address,
            heads.address,
            tails.address,
            tail,
            part.length,
            from,
            p.address,
            boundOfNorm(Float32Array.from(pad(user)), headFactors, padded),
          );
        }
        const at = heap.address - heap.block.address;
        const found = Array.from({ length: size }, (_, e) => ({
          score: heap.block.floats[at + 2 * e]!,
          row: heap.block.words[at + 2 * e + 1]!,
        }));
        const expected = rows
          .map(({ bias, factors }, row) => ({ score: bias + sum(factors.map((q, f) => q * user[f]!)), row }))
          .filter(({ score }) => score > -Infinity)
          .sort((a, b) => b.score - a.score || a.row - b.row)
          .slice(0, capacity);
        if (size > 0) expect(found[0]).toEqual(expected.at(-1));
        expect(found.sort((a, b) => b.score - a.score || a.row - b.row)).toEqual(expected);
        operands.finish();
      }),
    );
  });
}
