/** The shared sums as they are stored. */
import { sharedCells } from '../model/learned-cells.ts';
import { decodeNumbers, encodeNumbers } from './numbers.ts';

/** Raised with every change of what the sums are. */
const layout = 3;

export const encodeSums = (sums: Float64Array): Uint8Array => encodeNumbers(layout, sums);

/** A fresh array; throws CorruptStateError when it is nothing that this version writes. */
export const decodeSums = (bytes: Uint8Array): Float64Array =>
  decodeNumbers(bytes, layout, sharedCells, 'The shared sums');
