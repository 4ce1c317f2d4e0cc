import { expect, it } from 'vitest';
import { CorruptStateError } from '../../src/errors.ts';
import { onlineCells, sharedCells } from '../../src/model/learned-cells.ts';
import { encodeNumbers } from '../../src/stream/numbers.ts';
import { decodeSums, encodeSums } from '../../src/stream/stored-sums.ts';

const numbers = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => 1 / (1 + i));

it('sums come back bit for bit, and those of networks cost next to nothing while there are none', () => {
  const withNetworks = numbers(sharedCells);
  expect(decodeSums(encodeSums(withNetworks))).toEqual(withNetworks);
  const without = new Float64Array(sharedCells);
  without.set(numbers(onlineCells));
  const bytes = encodeSums(without);
  expect(decodeSums(bytes)).toEqual(without);
  expect(bytes.length).toBeLessThan(4 + sharedCells / 8 + 1 + 8 * onlineCells);
});

it('anything else is refused', () => {
  expect(() => decodeSums(encodeSums(numbers(sharedCells)).subarray(8))).toThrow(CorruptStateError);
  expect(() => decodeSums(encodeNumbers(1, numbers(sharedCells)))).toThrow(CorruptStateError);
});
