/**
 * Float64 numbers as bytes, of which many may be zero: a layout number (4 bytes), a bit for each number that is not zero,
 * then those numbers, little-endian as all rows are.
 */
import { CorruptStateError } from '../errors.ts';

const headBytes = 4;
/** Minus zero is told: it comes back as it was. */
const isZero = (value: number): boolean => Object.is(value, 0);

export function encodeNumbers(layout: number, numbers: Float64Array): Uint8Array {
  const bits = new Uint8Array(bitBytes(numbers.length));
  let count = 0;
  numbers.forEach((value, i) => {
    if (isZero(value)) return;
    bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    count++;
  });
  const bytes = new Uint8Array(headBytes + bits.length + 8 * count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, layout, true);
  bytes.set(bits, headBytes);
  let at = headBytes + bits.length;
  for (const value of numbers) {
    if (isZero(value)) continue;
    view.setFloat64(at, value, true);
    at += 8;
  }
  return bytes;
}

/** A fresh array; throws CorruptStateError when layout or length are not what this version writes. */
export function decodeNumbers(bytes: Uint8Array, layout: number, length: number, what: string): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const valuesAt = headBytes + bitBytes(length);
  const found = bytes.byteLength < headBytes ? -1 : view.getUint32(0, true);
  const isStored = (i: number): boolean => ((bytes[headBytes + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0;
  let count = 0;
  if (found === layout) for (let i = 0; i < 8 * bitBytes(length); i++) if (isStored(i)) count++;
  if (found !== layout || bytes.byteLength !== valuesAt + 8 * count) {
    throw new CorruptStateError(
      `${what} has layout ${found} and ${bytes.byteLength} bytes where ${layout} and ${valuesAt + 8 * count} were expected. ` +
        'It was written by another version or is damaged; use the version that wrote it, or rebuild the state from the ratings.',
      { found, expected: layout, bytes: bytes.byteLength },
    );
  }
  const numbers = new Float64Array(length);
  for (let i = 0, at = valuesAt; i < length; i++) {
    if (!isStored(i)) continue;
    numbers[i] = view.getFloat64(at, true);
    at += 8;
  }
  return numbers;
}

const bitBytes = (length: number): number => Math.ceil(length / 8);
