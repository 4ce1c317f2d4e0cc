/** Where the last values of a changelog partition come from: the changelog alone, or a local copy and the changelog's tail. */
import type { ViewRole } from '../../ports/changelog-views.ts';
import type { Offset } from '../../ports/transport.ts';
import { parseItemRecord, type KafkaTopics } from './changelog.ts';
import type { PartitionReader } from './partition-reader.ts';
import { visitLatest } from './visit-latest.ts';

/** `value` is a state value, or the after-image of an item; a view into a large buffer: copy what you keep. */
export type ValueVisitor = (key: string, value: Uint8Array) => void;

export interface ReadValues {
  /** The position as of which the values are the latest. */
  readonly position: Offset;
  /** Records read from the topic, each time they were read. */
  readonly fromChangelog: number;
  /** Rows read from the local copy. */
  readonly fromDisk: number;
}

export interface LatestValues {
  /** `committed` is the input offset that is known to be committed: a copy that is ahead of it belongs to something else. */
  visit(
    role: ViewRole,
    partition: number,
    visit: ValueVisitor,
    onProgress?: (recordCount: number, doneRatio: number) => void,
    committed?: Offset | null,
  ): Promise<ReadValues>;
  /** The partition is no longer owned here. */
  release(partition: number): void;
}

/** What a record of the changelog says about its key. */
export const valueOf = (role: ViewRole, record: Uint8Array): Uint8Array =>
  role === 'items' ? parseItemRecord(record).afterImage : record;

export function changelogValues(
  reader: PartitionReader,
  topics: Pick<KafkaTopics, ViewRole>,
  heldLimitBytes?: number,
): LatestValues {
  return {
    async visit(role, partition, visit, onProgress) {
      const topic = topics[role];
      const { position, recordCount } = await visitLatest(
        reader,
        topic,
        partition,
        (key, record) => visit(key, valueOf(role, record)),
        onProgress,
        heldLimitBytes,
      );
      return { position, fromChangelog: recordCount, fromDisk: 0 };
    },
    release: () => undefined,
  };
}

export interface ReadTotals {
  fromDisk: number;
  fromChangelog: number;
}

/** The same values; what is read for them is added to `totals`. */
export function countingReads(latest: LatestValues, totals: ReadTotals): LatestValues {
  return {
    async visit(...visit) {
      const read = await latest.visit(...visit);
      totals.fromDisk += read.fromDisk;
      totals.fromChangelog += read.fromChangelog;
      return read;
    },
    release: (partition) => latest.release(partition),
  };
}
