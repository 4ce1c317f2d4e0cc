/** Records of a fetch response as kafkajs decodes it: what was committed, and where to read on. */
import type { InputRecord, Offset } from '../../ports/transport.ts';
import { offsetOf } from './offsets.ts';

export interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly isControlRecord?: boolean;
  readonly batchContext?: {
    readonly firstOffset: string;
    readonly lastOffsetDelta: number;
    readonly producerId: string;
    readonly inTransaction: boolean;
  };
}

export interface FetchedPartition {
  readonly partition: number;
  readonly lastStableOffset: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedMessage[];
}

export interface FetchResponse {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

export interface FetchedRecords {
  readonly records: InputRecord[];
  /** The position after all that was fetched: behind control records, aborted records and what compaction removed. */
  readonly next: Offset;
}

export function fetchedRecords(fetched: FetchedPartition, from: Offset): FetchedRecords {
  const aborted = [...(fetched.abortedTransactions ?? [])]
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: offsetOf(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<string>();
  const records: InputRecord[] = [];
  let next = from;
  let begun = 0;
  for (const { offset: text, key, value, isControlRecord, batchContext } of fetched.messages) {
    const offset = offsetOf(text);
    for (let at = aborted[begun]; at !== undefined && at.firstOffset <= offset; at = aborted[++begun]) {
      aborting.add(at.producerId);
    }
    next = Math.max(next, batchContext === undefined ? offset + 1 : endOf(batchContext));
    if (isControlRecord === true) {
      if (batchContext !== undefined) aborting.delete(batchContext.producerId);
      continue;
    }
    if (offset < from || (batchContext?.inTransaction === true && aborting.has(batchContext.producerId))) continue;
    records.push({ offset, key, value });
  }
  return { records, next };
}

const endOf = ({ firstOffset, lastOffsetDelta }: { firstOffset: string; lastOffsetDelta: number }): Offset =>
  offsetOf(firstOffset) + lastOffsetDelta + 1;
