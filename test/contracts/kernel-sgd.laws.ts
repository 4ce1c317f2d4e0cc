import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { floats, Operands, rowsOf, sizes, sum } from './kernel-rows.ts';

const rate = fc.double({ min: 0.001, max: 0.1, noNaN: true });
const residuals = fc.double({ min: -4, max: 4, noNaN: true });

export function sgdLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  it('changes p and own by the gradient of the loss (finite differences), reads q only', () => {
    fc.assert(
      fc.property(rowsOf(3), residuals, rate, rate, rate, (rows, residual, userRate, itemRate, regularization) => {
        const [pBefore, qBefore, ownBefore] = rows as [number[], number[], number[]];
        const k = pBefore.length;
        const [p, q, own] = [pBefore, qBefore, ownBefore].map((row) => operands.floats(row));
        kernel.sgdStep(p!.address, q!.address, own!.address, k, residual, userRate, itemRate, regularization);

        const at = { p: [...pBefore], q: [...qBefore] };
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
        const [pNow, ownNow] = [p!.now(), own!.now()];
        for (let f = 0; f < k; f++) {
          // The error's own float32 rounding grows with k; 2e-5 is a hundredth of a percent of the largest steps here.
          expect(Math.abs(pNow[f]! - at.p[f]! + userRate * slope(at.p, f))).toBeLessThan(2e-5);
          expect(Math.abs(ownNow[f]! - ownBefore[f]! + itemRate * slope(at.q, f))).toBeLessThan(2e-5);
        }
        expect(q!.now()).toEqual(qBefore);
        operands.finish();
      }),
    );
  });

  it('moves the item by the p from before the step', () => {
    const [p, q, own] = [operands.floats([1, 0]), operands.floats([0, 1]), operands.floats([0, 0])];
    // e = 2 - 0; p += .5 (2 q - 0); own += .25 (2 p_before - 0).
    kernel.sgdStep(p.address, q.address, own.address, 2, 2, 0.5, 0.25, 0);
    expect([p.now(), own.now()]).toEqual([
      [1, 1],
      [0.5, 0],
    ]);
    operands.finish();
  });

  it('replays one item after the other, each as it is by then, the same one twice too', () => {
    const items = 3;
    const cases = sizes.chain((k) =>
      fc.record({
        p: floats(k),
        rests: fc.array(floats(k + 2), { minLength: items, maxLength: items }),
        owns: fc.array(floats(k + 2), { minLength: items, maxLength: items }),
        entries: fc.array(
          fc.record({
            item: fc.nat(items - 1),
            rating: fc.constantFrom(1, 2.5, 5),
            weight: fc.constantFrom(0.5, 1, 2),
          }),
          { maxLength: 6 },
        ),
      }),
    );
    const [base, damping, userRate, first, floor, halfCount, regularization] = [3, 6, 0.02, 0.06, 0.01, 40, 0.1];
    fc.assert(
      fc.property(cases, ({ p, rests, owns, entries }) => {
        // Weights are counts.
        for (const row of [...rests, ...owns]) row[p.length + 1] = Math.abs(row[p.length + 1]!);
        const k = p.length;
        const user = operands.floats(p);
        const rest = rests.map((row) => operands.floats(row));
        const own = owns.map((row) => operands.floats(row));
        const list = operands.words(entries.flatMap(({ item }) => [rest[item]!.address, own[item]!.address, 0, 0]));
        entries.forEach(({ rating, weight }, n) => {
          list.block.floats.set([rating, weight], list.address - list.block.address + 4 * n + 2);
        });

        const expectedUser = operands.floats(p);
        const expectedOwn = owns.map((row) => operands.floats(row));
        for (const { item, rating, weight } of entries) {
          const row = rests[item]!.map((value, i) => Math.fround(value + expectedOwn[item]!.now()[i]!));
          const step = Math.min(weight, 1);
          const residual = rating - base - row[k]! / (row[k + 1]! + damping);
          const itemRate = step * Math.max(floor, first / (1 + row[k + 1]! / halfCount));
          const q = operands.floats(row);
          const mine = expectedOwn[item]!.address;
          const [u, i] = [userRate * step, itemRate];
          kernel.sgdStep(expectedUser.address, q.address, mine, k, residual, u, i, regularization);
        }
        kernel.replay(
          user.address,
          list.address,
          entries.length,
          k,
          base,
          damping,
          userRate,
          first,
          floor,
          halfCount,
          regularization,
        );
        const near = (found: number[], wanted: number[]) =>
          found.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5));
        near(user.now(), expectedUser.now());
        own.forEach((row, i) => near(row.now(), expectedOwn[i]!.now()));
        rest.forEach((row, i) => expect(row.now()).toEqual(rests[i]));
        operands.finish();
      }),
    );
  });
}
