/**
 * The shared sums as they are stored. Those of networks come last and are left out while they are all zero, as before there were
 * any: a worker without networks writes what it always wrote.
 */
import { onlineCells, sharedCells } from '../model/learner.ts';
import { rowLayout } from '../model/row-layout.ts';
import { decodeNumbers, encodeNumbers } from './numbers.ts';

export const encodeSums = (sums: Float64Array): Uint8Array => encodeNumbers(rowLayout, withoutZeros(sums, onlineCells));

/** A fresh array; throws CorruptStateError when it is nothing that this version writes. */
export function decodeSums(bytes: Uint8Array): Float64Array {
  const cells = bytes.byteLength > 4 + 8 * onlineCells ? sharedCells : onlineCells;
  return padded(decodeNumbers(bytes, rowLayout, cells, 'The shared sums'), sharedCells);
}

/** The first `kept` numbers, and the others unless all are zero. */
export const withoutZeros = (numbers: Float64Array, kept: number): Float64Array =>
  numbers.subarray(kept).every((value) => value === 0) ? numbers.subarray(0, kept) : numbers;

export function padded(numbers: Float64Array, length: number): Float64Array {
  const all = new Float64Array(length);
  all.set(numbers);
  return all;
}
