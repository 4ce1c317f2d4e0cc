import { describe, expect, test } from 'vitest';
import { CorruptStateError } from '../../src/errors.ts';
import { decodeNumbers, encodeNumbers } from '../../src/stream/numbers.ts';

describe('stored numbers', () => {
  const numbers = Float64Array.of(1.5, -0, NaN, 1e300);

  test('come back bit for bit, also from a view into a larger buffer, and as a copy', () => {
    const bytes = encodeNumbers(3, numbers);
    // What LMDB and Kafka hand out: a Buffer, at any place of a larger one.
    const larger = Buffer.concat([Buffer.alloc(7, 0xff), bytes, Buffer.alloc(5, 0xff)]);
    const view = larger.subarray(7, 7 + bytes.length);
    const decoded = decodeNumbers(view, 3, numbers.length, 'The record');
    larger.fill(0);
    expect(decoded).toEqual(numbers);
  });

  test('cost a bit where they are zero', () => {
    const mostlyZero = new Float64Array(20);
    mostlyZero.set([2, -0], 11);
    const bytes = encodeNumbers(3, mostlyZero);
    expect(bytes).toHaveLength(4 + 3 + 2 * 8);
    expect(decodeNumbers(bytes, 3, 20, 'The record')).toEqual(mostlyZero);
    expect(decodeNumbers(encodeNumbers(3, new Float64Array(4)), 3, 4, 'The record')).toEqual(new Float64Array(4));
  });

  test('of another layout or length are refused', () => {
    const bytes = encodeNumbers(3, numbers);
    expect(() => decodeNumbers(bytes, 4, numbers.length, 'The record')).toThrow(CorruptStateError);
    expect(() => decodeNumbers(bytes, 3, numbers.length + 8, 'The record')).toThrow(CorruptStateError);
    expect(() => decodeNumbers(bytes.subarray(0, -1), 3, numbers.length, 'The record')).toThrow(CorruptStateError);
    expect(() => decodeNumbers(bytes.subarray(0, 2), 3, 0, 'The record')).toThrow(CorruptStateError);
  });
});
