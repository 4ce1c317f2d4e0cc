import { expect, test } from 'vitest';
import { murmur2, partitionOf } from '../../src/stream/partition-of.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

// Kafka's own test vectors (UtilsTest.testMurmur2).
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the hash of "%s" is what Kafka says', (text, hash) => {
  expect(murmur2(bytesOf(text))).toBe(hash);
});

test('a partition is the hash without its sign, modulo their number, as in the default partitioner', () => {
  expect(partitionOf(bytesOf('21'), 12)).toBe((-973932308 & 0x7fffffff) % 12);
  expect(partitionOf(bytesOf('abc'), 12)).toBe(479470107 % 12);
});

test('every user belongs to the only partition there is', () => {
  expect(partitionOf(bytesOf('foobar'), 1)).toBe(0);
});

test('a view into a larger buffer hashes as its own bytes do', () => {
  expect(murmur2(bytesOf('xxfoobarxx').subarray(2, 8))).toBe(-790332482);
});
