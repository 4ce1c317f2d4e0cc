/**
 * Reads one partition of a topic without a consumer group: what restoring and following need. Laws: committed records
 * only, in offset order, each once; the end is a position, so that control records and holes left by compaction at the
 * end of a log do not make it wait for a message that never comes.
 */
import type { Offset } from '../../ports/transport.ts';

export interface ReadRecord {
  readonly offset: Offset;
  /** Views into the fetched response: copy what you keep. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface PartitionReader {
  /** First offset still kept, and one past the last committed record, as of now. */
  bounds(topic: string, partition: number): Promise<{ readonly start: Offset; readonly end: Offset }>;
  /** One past the last committed record of each partition, as of now; one request for each broker. */
  ends(topic: string, partitions: readonly number[]): Promise<ReadonlyMap<number, Offset>>;
  /**
   * Reads from `from` to the end as of the call, or somewhat past it; resolves with the position reached (the next
   * offset to read). `onProgress` hears of every fetch that was visited, and is waited for. `onHole` hears of offsets that held something and were compacted away, before what follows them.
   */
  readToEnd(
    topic: string,
    partition: number,
    from: Offset,
    onRecord: (record: ReadRecord) => void,
    onProgress?: (position: Offset, end: Offset) => void | Promise<void>,
    onHole?: (from: Offset, to: Offset) => void,
  ): Promise<Offset>;
  close(): Promise<void>;
}
