/** One fetch of one partition: committed data only, as raw batches. */
import type { Broker } from 'kafkajs';
import type { Offset } from '../../ports/transport.ts';
import { createErrorFromCode, fetchV11, sendTo } from './kafkajs-internals.ts';
import { parseBatches, type RecordBatch } from './record-batches.ts';

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: Offset;
}

export interface FetchedBatches {
  readonly batches: readonly RecordBatch[];
  /** Transactions to leave out, by their first offset. */
  readonly aborted: readonly AbortedTransaction[];
}

/** How long the broker waits when it has nothing, which only happens while a leader moves. */
const maxWaitMs = 100;

/**
 * Throws the broker's own error (`type`, `retriable`). A batch larger than `maxBytes` comes whole when it is the first:
 * there is always progress.
 */
export async function fetchPartition(
  broker: Broker,
  topic: string,
  partition: number,
  from: Offset,
  maxBytes: number,
): Promise<FetchedBatches> {
  const protocol = fetchV11({
    isolationLevel: 1,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes }] }],
  });
  return sendTo<FetchedBatches>(broker, {
    ...protocol,
    response: {
      decode: (bytes) => Promise.resolve(decodeResponse(bytes)),
      parse: (fetched) => Promise.resolve(fetched),
    },
  });
}

/** The response to a fetch of one partition: throttle, error and session; one topic; one partition. */
function decodeResponse(bytes: Buffer): FetchedBatches {
  refuse(bytes.readInt16BE(4));
  if (bytes.readInt32BE(10) <= 0) return { batches: [], aborted: [] };
  let at = 14 + 2 + bytes.readInt16BE(14) + 4 + 4; // the topic's name, number of partitions, partition
  refuse(bytes.readInt16BE(at));
  at += 2 + 3 * 8; // error; high watermark, last stable offset, log start
  const abortedCount = bytes.readInt32BE(at);
  at += 4;
  const aborted: AbortedTransaction[] = [];
  for (let i = 0; i < abortedCount; i++, at += 16) {
    aborted.push({ producerId: bytes.readBigInt64BE(at), firstOffset: Number(bytes.readBigInt64BE(at + 8)) });
  }
  aborted.sort((a, b) => a.firstOffset - b.firstOffset);
  at += 4; // preferred replica
  const size = bytes.readInt32BE(at);
  at += 4;
  return { batches: parseBatches(bytes.subarray(at, at + Math.max(0, size))), aborted };
}

function refuse(errorCode: number): void {
  if (errorCode !== 0) throw createErrorFromCode(errorCode);
}
