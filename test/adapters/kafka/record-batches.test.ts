import { expect, test } from 'vitest';
import { parseBatches, visitRecords } from '../../../src/adapters/kafka/record-batches.ts';
import { visitBatches } from '../../../src/adapters/kafka/visit-batches.ts';

interface BatchParts {
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly recordCount?: number;
  readonly body?: Buffer;
  readonly magic?: number;
}

/** A batch as it lies in the log; compaction keeps its header for as long as its producer is known. */
function batch({
  baseOffset,
  lastOffsetDelta,
  recordCount = 0,
  body = Buffer.alloc(0),
  magic = 2,
}: BatchParts): Buffer {
  const bytes = Buffer.alloc(61 + body.length);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(magic, 16);
  bytes.writeInt32BE(lastOffsetDelta, 23);
  bytes.writeBigInt64BE(7n, 43);
  bytes.writeInt32BE(recordCount, 57);
  body.copy(bytes, 61);
  return bytes;
}

const breathe = (): Promise<void> => Promise.resolve();

test('a batch without a record says where it ends', async () => {
  const batches = parseBatches(batch({ baseOffset: 40, lastOffsetDelta: 9 }));
  expect(batches).toMatchObject([{ baseOffset: 40, nextOffset: 50, recordCount: 0 }]);
  const holes: [number, number][] = [];
  const visitor = { record: () => expect.unreachable(), hole: (a: number, b: number) => holes.push([a, b]), breathe };
  await visitBatches({ batches, aborted: [] }, 44, visitor);
  expect(holes).toEqual([[44, 50]]);
});

test('a batch that the response cut short is left for the next fetch', () => {
  const whole = batch({ baseOffset: 0, lastOffsetDelta: 0 });
  const bytes = Buffer.concat([whole, batch({ baseOffset: 1, lastOffsetDelta: 0, body: Buffer.alloc(100) })]);
  for (const length of [whole.length, whole.length + 5, whole.length + 61, bytes.length - 1]) {
    expect(parseBatches(bytes.subarray(0, length))).toHaveLength(1);
  }
  expect(parseBatches(bytes)).toHaveLength(2);
});

test('a batch of the format before Kafka 0.11 is refused', () => {
  expect(() => parseBatches(batch({ baseOffset: 0, lastOffsetDelta: 0, magic: 1 }))).toThrow(
    /format 1 where 2 is read/,
  );
});

test('a damaged batch is refused, not misread', () => {
  const lengthBehindTheEnd = Buffer.from([0xfe, 0x01, 0, 0, 0]);
  expect(() => visitRecords(lengthBehindTheEnd, 1, 5, () => undefined)).toThrow(/batch at offset 5 ends before/);
  expect(() => visitRecords(Buffer.alloc(0), 3, 5, () => undefined)).toThrow(/ends before/);
});
