import { expect, it } from 'vitest';
import { CorruptStateError } from '../../src/errors.ts';
import { onlineCells, sharedCells } from '../../src/model/learner.ts';
import { rowLayout } from '../../src/model/row-layout.ts';
import { encodeNumbers } from '../../src/stream/numbers.ts';
import { decodeSums, encodeSums } from '../../src/stream/stored-sums.ts';

const numbers = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => i / 7 + 1);

it('sums without networks are stored as they were before there were networks', () => {
  const sums = new Float64Array(sharedCells);
  sums.set(numbers(onlineCells));
  const bytes = encodeSums(sums);
  expect(bytes).toEqual(encodeNumbers(rowLayout, numbers(onlineCells)));
  expect(decodeSums(bytes)).toEqual(sums);
});

it('sums with networks are stored whole', () => {
  const sums = numbers(sharedCells);
  expect(decodeSums(encodeSums(sums))).toEqual(sums);
});

it('anything else is refused', () => {
  expect(() => decodeSums(encodeNumbers(rowLayout, numbers(onlineCells + 1)))).toThrow(CorruptStateError);
  expect(() => decodeSums(encodeNumbers(rowLayout + 1, numbers(sharedCells)))).toThrow(CorruptStateError);
});
