import { describe, expect, it } from 'vitest';
import { adam } from '../../src/train/adam.ts';
import { chance } from '../../src/train/chance.ts';
import { RowTable } from '../../src/train/row-table.ts';

const drawn = (seed: number, length: number): Float32Array => {
  const numbers = chance(seed);
  return Float32Array.from({ length }, () => numbers.centred());
};

describe('a table of rows', () => {
  it('moves rows of a batch as Adam moves them by the sums of their gradients and penalties', () => {
    const [width, rows, penalty] = [4, 3, 0.1];
    const table = new RowTable(drawn(1, rows * width), width);
    const dense = drawn(1, rows * width);
    const optimizer = adam(dense, new Float32Array(dense.length));
    for (let step = 0; step < 5; step++) {
      const gradients = drawn(2 + step, 5 * width);
      const batch = Int32Array.of(2, 0, 1, 2, 2);
      const sums = new Float32Array(rows * width);
      batch.forEach((row, n) => {
        for (let f = 0; f < width; f++) {
          sums[row * width + f]! += gradients[n * width + f]! + penalty * dense[row * width + f]!;
        }
      });
      table.learn(batch, gradients, { at: 0, stride: width }, 0.01, new Float32Array(rows).fill(penalty));
      optimizer.apply(sums, 0.01);
    }
    table.weights.forEach((value, n) => expect(value).toBeCloseTo(dense[n]!, 6));
  });

  it('leaves other rows as they are', () => {
    const table = new RowTable(drawn(1, 8), 2);
    const before = table.weights.slice();
    table.learn(Int32Array.of(1, 3), drawn(2, 4), { at: 0, stride: 2 }, 0.01, new Float32Array(4));
    const changed = [...table.weights.keys()].filter((n) => table.weights[n] !== before[n]);
    expect(changed).toEqual([2, 3, 6, 7]);
  });

  it('has its rows side by side with those of another one in a batch', () => {
    const users = new RowTable(Float32Array.of(1, 2, 3, 4), 2);
    const items = new RowTable(Float32Array.of(5, 6, 7, 8), 2);
    const rows = new Float32Array(8);
    users.gather(Int32Array.of(1, 0), rows, { at: 0, stride: 4 });
    items.gather(Int32Array.of(0, 1), rows, { at: 2, stride: 4 });
    expect([...rows]).toEqual([3, 4, 5, 6, 1, 2, 7, 8]);
  });

  it('gives unknown rows the mean of the known ones', () => {
    const table = new RowTable(Float32Array.of(1, 2, 90, 90, 3, 6), 2);
    table.average(Int32Array.of(1));
    expect([...table.weights]).toEqual([1, 2, 2, 4, 3, 6]);
  });
});
