/** Writes under a transactional id that only the latest opener holds: whoever had it before can write nothing more. */
import { Partitioners, type Kafka, type Message, type TopicMessages } from 'kafkajs';
import { CommitFailedError, FencedError, FreshetError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import { isFencing, messageOf } from './kafka-error.ts';
import { offsetOf } from './offsets.ts';

export interface FencedWriter {
  /**
   * The records, and what is said about where they stand: all of it in one transaction, or nothing. At most one batch a
   * partition. Throws FencedError when somebody else has opened the id since, CommitFailedError when the outcome is unknown.
   */
  write(
    topic: string,
    messages: readonly (Message & { readonly partition: number })[],
    about: (offsets: readonly Offset[]) => TopicMessages,
  ): Promise<void>;
  close(): Promise<void>;
}

const transactionTimeoutMs = 30_000;

/** Resolves when what was under way under the id is committed or aborted. */
export async function openFencedWriter(kafka: Kafka, transactionalId: string): Promise<FencedWriter> {
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  try {
    await producer.connect();
    // The first transaction of a producer raises the epoch; an empty one is ended without a request.
    await (await producer.transaction()).abort();
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw asWriteError(error, transactionalId);
  }

  return {
    async write(topic, messages, about) {
      try {
        const transaction = await producer.transaction();
        const written = await transaction.sendBatch({ topicMessages: [{ topic, messages: [...messages] }] });
        const next = new Map<number, Offset>();
        for (const { partition, baseOffset } of written) {
          if (next.has(partition)) throw new CommitFailedError(`Partition ${partition} of ${topic} was written twice.`);
          next.set(partition, offsetOf(baseOffset ?? '-1'));
        }
        const offsets = messages.map(({ partition }) => {
          const offset = next.get(partition);
          if (offset === undefined) throw new CommitFailedError(`Partition ${partition} of ${topic} was not written.`);
          next.set(partition, offset + 1);
          return offset;
        });
        await transaction.sendBatch({ topicMessages: [about(offsets)] });
        await transaction.commit();
      } catch (error) {
        throw asWriteError(error, transactionalId);
      }
    },
    close: () => producer.disconnect(),
  };
}

function asWriteError(error: unknown, transactionalId: string): FreshetError {
  if (error instanceof FreshetError) return error;
  if (isFencing(error)) {
    return new FencedError(
      `Somebody else has begun the same under ${transactionalId}, and took over: what was not committed yet is not written by this one. ` +
        'Let the other one finish; run it again should that one have failed.',
      { transactionalId },
      error,
    );
  }
  return new CommitFailedError(
    `Writing under ${transactionalId} failed (${messageOf(error)}), and the outcome of the last transaction is unknown. ` +
      'Run it again: what is in is not put in twice.',
    { transactionalId },
    error,
  );
}
