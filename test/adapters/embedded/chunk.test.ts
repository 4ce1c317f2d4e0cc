import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeChunk, encodeChunks } from '../../../src/adapters/embedded/chunk.ts';
import { CorruptStateError } from '../../../src/errors.ts';
import type { InputRecord } from '../../../src/ports/transport.ts';

const bytes = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });
const records = fc.array(fc.record({ key: bytes, value: bytes }), { minLength: 1, maxLength: 50 });
const plain = (record: { key: Uint8Array | null; value: Uint8Array | null }) => ({
  key: record.key && [...record.key],
  value: record.value && [...record.value],
});

describe('chunk', () => {
  test('gives back any records from any offset on', () => {
    const property = fc.property(records, fc.nat({ max: 60 }), fc.nat({ max: 60 }), (written, skip, limit) => {
      const read: InputRecord[] = [];
      let at = 1000;
      for (const chunk of encodeChunks(written)) at = decodeChunk(chunk.bytes as Buffer, at, 1000 + skip, limit, read);
      expect(read.map(plain)).toEqual(written.slice(skip, skip + limit).map(plain));
      expect(read.map(({ offset }) => offset)).toEqual(read.map((_, index) => 1000 + skip + index));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('closes a chunk when it is large, so that one record never costs the reading of many megabytes', () => {
    const written = Array.from({ length: 1000 }, () => ({ key: null, value: new Uint8Array(1000) }));
    const chunks = [...encodeChunks(written)];
    expect(chunks.reduce((sum, { recordCount }) => sum + recordCount, 0)).toBe(1000);
    for (const chunk of chunks) expect(chunk.bytes.length).toBeLessThan(70_000);
  });

  test('makes no chunk of no records', () => {
    expect([...encodeChunks([])]).toEqual([]);
  });

  test('says that a cut or garbled chunk is damaged, whatever its bytes', () => {
    const [chunk] = encodeChunks([{ key: null, value: new Uint8Array(10) }]);
    const cut = Buffer.from(chunk!.bytes.subarray(0, 15));
    expect(() => decodeChunk(cut, 0, 0, 10, [])).toThrow(CorruptStateError);
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), (garbage) => {
      try {
        decodeChunk(Buffer.from(garbage), 0, 0, 10, []);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptStateError);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
