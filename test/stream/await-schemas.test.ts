import { describe, expect, it } from 'vitest';
import { decodableCount } from '../../src/stream/await-schemas.ts';
import { flowCodec } from '../support/flow-worker.ts';

const framed = (schemaId: number): Uint8Array => Uint8Array.from([0, 0, 0, 0, schemaId, 1]);
const record = (offset: number, value: Uint8Array | null) => ({ offset, key: null, value });

/** Knows ids below 10; learns those below 20 when asked; nobody answers for the rest. */
function source() {
  const learned = new Set<number>();
  const asked: number[] = [];
  return {
    asked,
    isKnown: (id: number) => id < 10 || learned.has(id),
    learn: (id: number) => {
      asked.push(id);
      if (id < 20) learned.add(id);
      return Promise.resolve(id < 20);
    },
  };
}

describe('writers’ schemas', () => {
  it('are asked for once before a batch is decoded', async () => {
    const schemas = source();
    const records = [framed(3), framed(12), null, framed(12), Uint8Array.from([123])].map((v, i) => record(i, v));
    expect(await decodableCount(records, flowCodec, schemas)).toBe(5);
    expect(schemas.asked).toEqual([12]);
  });

  it('hold back the records from the first one on that nobody answers for', async () => {
    const schemas = source();
    const records = [framed(3), framed(30), framed(4)].map((v, i) => record(i, v));
    expect(await decodableCount(records, flowCodec, schemas)).toBe(1);
  });
});
