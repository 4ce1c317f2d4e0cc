/**
 * Writes checkpoints without transactions (`--delivery at-least-once`): round after round, the rows with their offset
 * last. What can double is said in docs/kafka-delivery.md.
 */
import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { CommitFailedError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import type { CheckpointProducer } from './producer.ts';
import { writtenEnds } from './written-ends.ts';

export interface PlainProducerOptions {
  readonly kafka: Kafka;
  readonly partition: number;
  /** Tells the group, for those who watch its lag; the changelog has its own record of the offset. */
  readonly commitOffset: (partition: number, nextOffset: Offset) => Promise<void>;
}

export function createPlainProducer({ kafka, partition, commitOffset }: PlainProducerOptions): CheckpointProducer {
  let current: Producer | null = null;

  async function discard(): Promise<void> {
    const former = current;
    current = null;
    await former?.disconnect().catch(() => undefined);
  }

  return {
    async fence() {
      void discard();
      const next = kafka.producer({
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await next.connect();
      current = next;
    },

    async publish(rounds, nextOffset) {
      const producer = current;
      if (producer === null) {
        throw new CommitFailedError(`Partition ${partition} has no producer since an error. Recover first.`);
      }
      try {
        const ends = writtenEnds(partition);
        for (const round of rounds) ends.add(round, await producer.sendBatch({ acks: -1, topicMessages: round }));
        await commitOffset(partition, nextOffset).catch(() => undefined);
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
