/** What a reader of committed data sees of fetched batches: no control records, nothing that was aborted. */
import { lookupCodecByAttributes } from './kafkajs-internals.ts';
import type { Offset } from '../../ports/transport.ts';
import type { FetchedBatches } from './fetch-partition.ts';
import type { ReadRecord } from './partition-reader.ts';
import { isAbortMarker, visitRecords } from './record-batches.ts';

export interface BatchVisitor {
  record(record: ReadRecord): void;
  /** Nothing is left of the offsets from `from` up to, and without, `to`. */
  hole?: ((from: Offset, to: Offset) => void) | undefined;
  /** Called after each batch: lets others run when they have waited long enough. */
  breathe(): Promise<void>;
}

/** Visits the records from offset `from` on. */
export async function visitBatches(fetched: FetchedBatches, from: Offset, visitor: BatchVisitor): Promise<void> {
  const { batches, aborted } = fetched;
  const aborting = new Set<bigint>();
  let begun = 0;
  let expected = from;
  const passTo = (offset: Offset, next: Offset): void => {
    if (offset > expected) visitor.hole?.(expected, offset);
    expected = Math.max(expected, next);
  };
  for (const batch of batches) {
    const { baseOffset, nextOffset, producerId } = batch;
    for (let at = aborted[begun]; at !== undefined && at.firstOffset < nextOffset; at = aborted[++begun]) {
      aborting.add(at.producerId);
    }
    if (batch.isControl) {
      if (isAbortMarker(batch)) aborting.delete(producerId);
      passTo(baseOffset, nextOffset);
      continue;
    }
    const isAborted = batch.isTransactional && aborting.has(producerId);
    const codec = lookupCodecByAttributes(batch.attributes);
    const body = codec === null || batch.recordCount === 0 ? batch.body : await codec.decompress(batch.body);
    visitRecords(body, batch.recordCount, baseOffset, (offset, key, value) => {
      if (offset < from) return;
      passTo(offset, offset + 1);
      if (!isAborted) visitor.record({ offset, key, value });
    });
    passTo(nextOffset, nextOffset);
    await visitor.breathe();
  }
}
