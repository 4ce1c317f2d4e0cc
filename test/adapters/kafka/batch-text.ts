/** A written batch as our own parser reads it: copies, with the keys as text. */
import { parseBatches, visitRecords } from '../../../src/adapters/kafka/record-batches.ts';
import type { BatchOrigin, RecordBatchWriter } from '../../../src/adapters/kafka/record-batch-writer.ts';

export const someOrigin: BatchOrigin = {
  producerId: 4711n,
  producerEpoch: 3,
  firstSequence: 12,
  isTransactional: true,
  timestampMs: 1_700_000_000_000,
};

export function batchText(writer: RecordBatchWriter): { key: string | null; value: Buffer | null }[] {
  const records: { key: string | null; value: Buffer | null }[] = [];
  for (const { body, recordCount, baseOffset } of parseBatches(writer.seal(someOrigin))) {
    visitRecords(body, recordCount, baseOffset, (_, key, value) => {
      records.push({ key: key?.toString() ?? null, value: value === null ? null : Buffer.from(value) });
    });
  }
  return records;
}
