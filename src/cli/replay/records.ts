/** Entries as records of the ratings log. */
import { RejectedRecordError } from '../../errors.ts';
import type { Codec } from '../../ports/codec.ts';
import type { OutputRecord } from '../../ports/transport.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import type { RatingEntry } from './entries.ts';

/** By partition, and the codes of those that a worker would refuse. */
export function recordsOf(
  batch: readonly RatingEntry[],
  codec: Pick<Codec, 'toRating' | 'encodeUserKey' | 'encodeRating'>,
  partitionCount: number,
) {
  const byPartition = new Map<number, OutputRecord[]>();
  const codes: string[] = [];
  for (const entry of batch) {
    try {
      const rating = codec.toRating(entry);
      const key = codec.encodeUserKey(rating.userId);
      const partition = partitionOf(key, partitionCount);
      const records = byPartition.get(partition);
      const record = { key, value: codec.encodeRating(rating) };
      if (records === undefined) byPartition.set(partition, [record]);
      else records.push(record);
    } catch (error) {
      if (!(error instanceof RejectedRecordError)) throw error;
      codes.push(error.code);
    }
  }
  return { byPartition, codes };
}
