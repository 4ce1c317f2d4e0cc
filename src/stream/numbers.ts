/** Plain float64 numbers as bytes: a layout number (4 bytes), then the numbers, little-endian as all rows are. */
import { CorruptStateError } from '../errors.ts';

export function encodeNumbers(layout: number, numbers: Float64Array): Uint8Array {
  const bytes = new Uint8Array(4 + numbers.byteLength);
  new DataView(bytes.buffer).setUint32(0, layout, true);
  bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), 4);
  return bytes;
}

/** A fresh array; throws CorruptStateError when layout or length are not what this version writes. */
export function decodeNumbers(bytes: Uint8Array, layout: number, length: number, what: string): Float64Array {
  const found = bytes.byteLength < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (found !== layout || bytes.byteLength !== 4 + 8 * length) {
    throw new CorruptStateError(
      `${what} has layout ${found} and ${bytes.byteLength} bytes where ${layout} and ${4 + 8 * length} were expected. ` +
        'It was written by another version or is damaged; use the version that wrote it, or rebuild the state from the ratings.',
      { found, expected: layout, bytes: bytes.byteLength },
    );
  }
  // `new Uint8Array` copies whatever it is given; the `slice` of a Buffer is a view.
  return new Float64Array(new Uint8Array(bytes.subarray(4)).buffer);
}
