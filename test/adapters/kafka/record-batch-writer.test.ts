import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/adapters/kafka/crc32c.ts';
import { parseBatches, visitRecords } from '../../../src/adapters/kafka/record-batches.ts';
import { RecordBatchWriter } from '../../../src/adapters/kafka/record-batch-writer.ts';
import { someOrigin } from './batch-text.ts';

type Key = Uint8Array | string | null;
type Written = readonly [key: Key, value: Uint8Array | null];

const load = createRequire(import.meta.url) as (path: string) => unknown;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};
const Record = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;

const asBuffer = (bytes: Key): Buffer | null => (bytes === null ? null : Buffer.from(bytes as Uint8Array));

function write(writer: RecordBatchWriter, records: readonly Written[]): Buffer {
  writer.clear();
  for (const [key, value] of records) writer.add(key, value);
  return writer.seal(someOrigin);
}

/** The same batch as kafkajs makes it. */
async function byKafkajs(records: readonly Written[]): Promise<Buffer> {
  const { producerId, producerEpoch, firstSequence, isTransactional, timestampMs } = someOrigin;
  const { buffer } = await RecordBatch({
    producerId: String(producerId),
    producerEpoch,
    firstSequence,
    transactional: isTransactional,
    firstTimestamp: timestampMs,
    maxTimestamp: timestampMs,
    lastOffsetDelta: records.length - 1,
    records: records.map(([key, value], offsetDelta) =>
      Record({ offsetDelta, key: asBuffer(key), value: asBuffer(value) }),
    ),
  });
  return buffer;
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const key = fc.oneof(bytes(300), fc.string({ unit: 'binary', maxLength: 80 }), fc.constant(null));
const someRecords = fc.array(fc.tuple(key, fc.option(bytes(9000))), { minLength: 1, maxLength: 200 });

describe('a record batch that is written in place', () => {
  it('is the batch that kafkajs makes, byte for byte', async () => {
    const writer = new RecordBatchWriter();
    await fc.assert(
      fc.asyncProperty(someRecords, async (records) => {
        expect(write(writer, records).equals(await byKafkajs(records))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is read as what was written', () => {
    const writer = new RecordBatchWriter();
    fc.assert(
      fc.property(someRecords, (records) => {
        const [batch, ...more] = parseBatches(write(writer, records));
        expect(more).toEqual([]);
        expect(batch).toMatchObject({ isTransactional: true, isControl: false, producerId: someOrigin.producerId });
        const read: Written[] = [];
        visitRecords(batch!.body, batch!.recordCount, 0, (offset, k, v) => {
          expect(offset).toBe(read.length);
          read.push([k, v]);
        });
        expect(read).toEqual(records.map(([k, v]) => [asBuffer(k), asBuffer(v)]));
      }),
      { numRuns: 60 },
    );
  });

  it('takes what is too large only when it is empty', () => {
    const writer = new RecordBatchWriter();
    expect(writer.add('k', new Uint8Array(5000), 1000)).toBe(true);
    const before = writer.byteLength;
    expect(writer.add('k', null, 1000)).toBe(false);
    expect([writer.byteLength, writer.recordCount]).toEqual([before, 1]);
  });
});

describe('the checksum', () => {
  it('is CRC-32C', () => {
    const text = Buffer.from('..123456789..');
    expect(crc32c(text, 2, 11)).toBe(0xe3069283); // the check value of the catalogue of CRCs
    expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa); // RFC 3720, B.4
    expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8ab43);
    expect(crc32c(text, 4, 4)).toBe(0);
  });
});
