/**
 * Writes the checkpoints of one input partition, each as one transaction, under an id that belongs to the partition:
 * kafkajs cannot tie a transaction to a group generation (KIP-447), so whoever takes the partition over fences the
 * former owner by the epoch of this id. A producer that met any error is thrown away: kafkajs leaves it stuck.
 */
import { Partitioners, type Kafka, type Producer, type TopicMessages } from 'kafkajs';
import { CommitFailedError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import { writtenEnds, type WrittenEnds } from './written-ends.ts';

export interface CheckpointProducer {
  /**
   * Resolves when whatever was under way under this id, here or elsewhere, is committed or aborted, and nobody who had
   * the id before can write. Offsets read after that are final.
   */
  fence(): Promise<void>;
  /** Writes the rounds and the offset as one; resolves with where each topic's records end. Fence first, and after an error. */
  publish(rounds: readonly TopicMessages[][], nextOffset: Offset): Promise<WrittenEnds>;
  close(): Promise<void>;
}

export interface CheckpointProducerOptions {
  /**
   * Its `retry` begins at some 5 ms (connection.ts): the first request after a commit meets CONCURRENT_TRANSACTIONS until
   * the markers are written.
   */
  readonly kafka: Kafka;
  readonly transactionalId: string;
  readonly groupId: string;
  /** The ratings topic and the partition whose offset is committed. */
  readonly topic: string;
  readonly partition: number;
  readonly transactionTimeoutMs: number;
}

export function createTransactionalProducer(options: CheckpointProducerOptions): CheckpointProducer {
  const { kafka, transactionalId, groupId, topic, partition, transactionTimeoutMs } = options;
  let current: Producer | null = null;

  async function discard(): Promise<void> {
    const former = current;
    current = null;
    await former?.disconnect().catch(() => undefined);
  }

  return {
    async fence() {
      // Not waited for: what it has under way fails at the broker, which is what fencing is.
      void discard();
      const next = kafka.producer({
        transactionalId,
        transactionTimeout: transactionTimeoutMs,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      try {
        await next.connect();
        // The first transaction of a producer raises the epoch; an empty one is ended without a request.
        const empty = await next.transaction();
        await empty.abort();
      } catch (error) {
        await next.disconnect().catch(() => undefined);
        throw error;
      }
      current = next;
    },

    async publish(rounds, nextOffset) {
      const producer = current;
      if (producer === null) {
        throw new CommitFailedError(`Partition ${partition} has no producer since an error. Recover first.`);
      }
      try {
        const transaction = await producer.transaction();
        const ends = writtenEnds(partition);
        for (const round of rounds) {
          ends.add(round, await transaction.sendBatch({ topicMessages: round }));
        }
        const offsets = [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }];
        await transaction.sendOffsets({ consumerGroupId: groupId, topics: offsets });
        await transaction.commit();
        return ends.all;
      } catch (error) {
        if (current === producer) current = null;
        void producer.disconnect().catch(() => undefined);
        throw error;
      }
    },

    close: discard,
  };
}
