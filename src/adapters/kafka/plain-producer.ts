/**
 * Writes checkpoints without transactions (`--delivery at-least-once`): round after round, the rows with their offset
 * last. What can double is said in docs/kafka-delivery.md.
 */
import type { Kafka } from 'kafkajs';
import type { Offset } from '../../ports/transport.ts';
import { holdSession, writeAll, type CheckpointProducer } from './producer.ts';
import { openSession } from './producer-session.ts';

export interface PlainProducerOptions {
  readonly kafka: Kafka;
  readonly partition: number;
  /** Tells the group, for those who watch its lag; the changelog has its own record of the offset. */
  readonly commitOffset: (partition: number, nextOffset: Offset) => Promise<void>;
}

export function createPlainProducer({ kafka, partition, commitOffset }: PlainProducerOptions): CheckpointProducer {
  const held = holdSession(partition, () =>
    openSession({ kafka, partition, transactionalId: null, transactionTimeoutMs: 0 }),
  );
  let reported: Promise<void> = Promise.resolve();

  /** One at a time, and not waited for: nothing of ours reads it. */
  function report(nextOffset: Offset): void {
    reported = reported.then(() => commitOffset(partition, nextOffset)).catch(() => undefined);
  }

  return {
    fence: () => held.renew(),
    publish: (rounds, nextOffset) =>
      held.use(async (session) => {
        const ends = await writeAll(session, rounds);
        report(nextOffset);
        return ends;
      }),
    async close() {
      await reported;
      await held.close();
    },
  };
}
