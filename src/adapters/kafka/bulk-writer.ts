/**
 * Many records for one topic, each batch written once and in order: a producer session for each partition, and batches
 * that are written in place. What is added while a flush is under way goes out with the next one.
 */
import type { Kafka } from 'kafkajs';
import { createBatchPool } from './batch-pool.ts';
import { asAppendError } from './kafka-error.ts';
import { allOf, openSession, type ProducerSession } from './producer-session.ts';
import type { RecordBatchWriter } from './record-batch-writer.ts';

export interface BulkWriter {
  /** The bytes are copied. */
  add(partition: number, key: Uint8Array | null, value: Uint8Array | null): void;
  /** Resolves when all that was added so far is acknowledged by all replicas. Call it again once the last one has ended. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface BulkWriterOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  /** Below the topic's max.message.bytes; 900,000 when not given. */
  readonly maxBatchBytes?: number;
}

/** Only transactions have it. */
const transactionTimeoutMs = 0;

export function openBulkWriter({ kafka, topic, maxBatchBytes = 900_000 }: BulkWriterOptions): BulkWriter {
  const pool = createBatchPool();
  const sessions = new Map<number, ProducerSession>();
  let filling = new Map<number, RecordBatchWriter[]>();

  async function send(partition: number, batches: readonly RecordBatchWriter[]): Promise<void> {
    try {
      const session =
        sessions.get(partition) ??
        (await openSession({ kafka, partition, transactionalId: null, transactionTimeoutMs }));
      sessions.set(partition, session);
      for (const batch of batches) await session.write([{ topic, batch }]);
      pool.giveBack(batches);
    } catch (error) {
      throw asAppendError(error, topic, partition);
    }
  }

  return {
    add(partition, key, value) {
      let batches = filling.get(partition);
      if (batches === undefined) filling.set(partition, (batches = [pool.take()]));
      if (batches.at(-1)?.add(key, value, maxBatchBytes) === true) return;
      const next = pool.take();
      next.add(key, value);
      batches.push(next);
    },
    flush() {
      const full = filling;
      filling = new Map();
      return allOf([...full].map(([partition, batches]) => send(partition, batches)));
    },
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
}
