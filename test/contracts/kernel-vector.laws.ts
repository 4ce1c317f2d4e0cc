import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { fillSeeded } from '../../src/kernel/seeded.ts';
import { dotBound, float32Ulp, floats, Operands, rowsOf, sizes, sum } from './kernel-rows.ts';

export function vectorLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  it('dot is the sum of products', () => {
    fc.assert(
      fc.property(rowsOf(2), ([a, b]) => {
        const products = a!.map((value, i) => value * b![i]!);
        const found = kernel.dot(operands.floats(a!).address, operands.floats(b!).address, a!.length);
        operands.finish();
        expect(Math.abs(found - sum(products))).toBeLessThanOrEqual(dotBound(products));
      }),
    );
  });

  it('copy, add, sum and axpy work cell by cell, rounded once, and touch nothing else', () => {
    fc.assert(
      fc.property(rowsOf(3), floats(1), ([a, b, c], [factor]) => {
        const n = a!.length;
        const [x, y, out] = [a!, b!, c!].map((values) => operands.floats(values));
        kernel.sum(out!.address, x!.address, y!.address, n);
        expect(out!.now()).toEqual(a!.map((value, i) => Math.fround(value + b![i]!)));
        kernel.copy(out!.address, y!.address, n);
        expect(out!.now()).toEqual(b);
        kernel.add(out!.address, x!.address, n);
        expect(out!.now()).toEqual(a!.map((value, i) => Math.fround(value + b![i]!)));
        kernel.copy(out!.address, y!.address, n);
        kernel.axpy(out!.address, x!.address, n, factor!);
        out!.now().forEach((value, i) => {
          const exact = b![i]! + factor! * a![i]!;
          expect(Math.abs(value - exact)).toBeLessThanOrEqual(3 * float32Ulp * (Math.abs(b![i]!) + 4));
        });
        expect([x!.now(), y!.now()]).toEqual([a, b]);
        operands.finish();
      }),
    );
  });

  it('seeded gives the initial values of a hash, bit for bit, and touches nothing else', () => {
    fc.assert(
      fc.property(
        rowsOf(1),
        fc.nat(0xffffffff),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        ([a], seed, deviation) => {
          const out = operands.floats(a!);
          kernel.seeded(out.address, a!.length, seed, deviation);
          const expected = new Float32Array(a!.length);
          fillSeeded(expected, 0, a!.length, seed, deviation);
          expect(out.now()).toEqual([...expected]);
          operands.finish();
        },
      ),
    );
  });

  const counts = (most: number) =>
    sizes.chain((cells) => {
      const row = fc.array(fc.integer({ min: -most - 1, max: most }), { minLength: 2 * cells, maxLength: 2 * cells });
      return fc.tuple(row, row);
    });

  it('sketchDot is exact', () => {
    fc.assert(
      fc.property(counts(4095), ([a, b]) => {
        const found = kernel.sketchDot(operands.shorts(a).address, operands.shorts(b).address, a.length / 2);
        operands.finish();
        expect(found).toBe(sum(a.map((value, i) => value * b[i]!)));
      }),
    );
  });

  it('sketchDots adds the dots of many rows, and one number of each, to what is there', () => {
    fc.assert(
      fc.property(counts(400), fc.integer({ min: 0, max: 5 }), fc.nat(4), ([a, b], n, sketchAt) => {
        const put = (): number => {
          const row = operands.floats([7, ...Array<number>(sketchAt + a.length / 2).fill(0)]);
          row.block.shorts.set(b, 2 * (row.address - row.block.address + 1 + sketchAt));
          return row.address;
        };
        const rows = operands.words(Array.from({ length: n }, (_, i) => (i === 1 ? 0 : put())));
        const [dots, numbers] = [operands.floats(Array<number>(n).fill(1)), operands.floats(Array<number>(n).fill(2))];
        const [sketch, cells] = [operands.shorts(a).address, a.length / 2];
        kernel.sketchDots(sketch, rows.address, n, 1 + sketchAt, cells, 0, dots.address, numbers.address);
        const dot = Math.fround(1 + sum(a.map((value, i) => value * b[i]!)));
        expect(dots.now()).toEqual(Array.from({ length: n }, (_, i) => (i === 1 ? 1 : dot)));
        expect(numbers.now()).toEqual(Array.from({ length: n }, (_, i) => (i === 1 ? 2 : 9)));
        operands.finish();
      }),
    );
  });

  it('sketchAdd wraps around, so that a sketch can be taken out again, bit for bit', () => {
    fc.assert(
      fc.property(counts(32767), ([a, b]) => {
        const [out, added] = [operands.shorts(a), operands.shorts(b)];
        kernel.sketchAdd(out.address, added.address, a.length / 2);
        expect(out.now()).toEqual(a.map((value, i) => ((value + b[i]!) << 16) >> 16));
        const taken = operands.shorts(b.map((value) => (-value << 16) >> 16));
        kernel.sketchAdd(out.address, taken.address, a.length / 2);
        expect(out.now()).toEqual(a);
        operands.finish();
      }),
    );
  });
}
