import fc from 'fast-check';
import { expect, test } from 'vitest';
import { itemRecord, parseChangelogKey, parseItemRecord } from '../../../src/adapters/kafka/changelog.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

test('an item record says what was put into it', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.maxSafeNat(), fc.nat(), (afterImage, delta, fromOffset, count) => {
      const nextOffset = Math.min(Number.MAX_SAFE_INTEGER, fromOffset + count);
      const record = itemRecord(afterImage, delta, fromOffset, nextOffset)!;
      const parsed = parseItemRecord(record);
      expect(parsed).toMatchObject({ fromOffset, nextOffset });
      expect([...parsed.afterImage]).toEqual([...afterImage]);
      expect([...parsed.delta]).toEqual([...delta]);
    }),
  );
});

test('the layout of an item record is the one that is documented', () => {
  const record = itemRecord(Buffer.from('ab'), Buffer.from('c'), 258, 65_536)!;
  expect(record.toString('hex')).toBe('01' + '0000000000000102' + '0000000000010000' + '00000002' + '6162' + '63');
});

test('a deleted contribution is a tombstone', () => {
  expect(itemRecord(null, Buffer.from('c'), 0, 1)).toBeNull();
});

test('an item record is refused when it is cut short or of another version, never misread', () => {
  const record = itemRecord(Buffer.from('after'), Buffer.alloc(0), 0, 1)!;
  for (let length = 0; length < record.length; length++) {
    expect(() => parseItemRecord(record.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'FRESHET_CORRUPT_STATE' }) as Error,
    );
  }
  const newer = Buffer.from(record);
  newer[0] = 2;
  expect(() => parseItemRecord(newer)).toThrow(/version 2 where this version reads 1/);
});

test('an item record that covers no range of offsets is not written', () => {
  for (const [from, next] of [
    [5, 4],
    [-1, 4],
    [0, 2 ** 53],
    [0.5, 1],
  ] as const) {
    expect(() => itemRecord(Buffer.alloc(1), Buffer.alloc(1), from, next)).toThrow(/Please report it/);
  }
});

test('keys are UTF-8 and nothing else', () => {
  for (const key of ['u/ü', '', '\ufffd', 'x'.repeat(1000)]) {
    expect(parseChangelogKey(Buffer.from(key), 'users', 3)).toBe(key);
  }
  expect(() => parseChangelogKey(Buffer.from([0x75, 0xff]), 'users', 3)).toThrow(
    /offset 3 of users has a key that is not UTF-8/,
  );
  expect(() => parseChangelogKey(null, 'users', 3)).toThrow(/has no key/);
});
