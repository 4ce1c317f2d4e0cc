/**
 * Writes the checkpoints of one input partition, each as one transaction, under an id that belongs to the partition: a
 * transaction is not tied to a group generation (KIP-447), so whoever takes the partition over fences the former owner
 * by the epoch of this id. After any error the session is thrown away: recovering begins with a fence anyway.
 *
 * Three round trips: the partitions are added and the offsets are; the records are written and the offset is; the end.
 * Nothing is ended before all of it was acknowledged.
 */
import type { Kafka } from 'kafkajs';
import { CommitFailedError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import type { Round } from './checkpoint-rounds.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, txnOffsetCommit } from './kafkajs-internals.ts';
import { allOf, openSession, type ProducerSession, type WrittenEnds } from './producer-session.ts';

export interface CheckpointProducer {
  /**
   * Resolves when whatever was under way under this id, here or elsewhere, is committed or aborted, and nobody who had
   * the id before can write. Offsets read after that are final.
   */
  fence(): Promise<void>;
  /**
   * Writes the rounds and the offset as one; resolves with where each topic's records end. Fence first, and after an
   * error. The batches are not looked at any more when it has ended.
   */
  publish(rounds: readonly Round[], nextOffset: Offset, nextRequest: Offset | null): Promise<WrittenEnds>;
  close(): Promise<void>;
}

export interface CheckpointProducerOptions {
  readonly kafka: Kafka;
  readonly transactionalId: string;
  readonly groupId: string;
  /** The ratings topic and the partition whose offset is committed. */
  readonly topic: string;
  readonly requestsTopic: string;
  readonly partition: number;
  readonly transactionTimeoutMs: number;
}

export function createTransactionalProducer(options: CheckpointProducerOptions): CheckpointProducer {
  const { transactionalId, groupId, topic, requestsTopic, partition } = options;
  const held = holdSession(partition, () => openSession(options));

  async function transact(
    session: ProducerSession,
    rounds: readonly Round[],
    nextOffset: Offset,
    nextRequest: Offset | null,
  ): Promise<WrittenEnds> {
    const { producerId, producerEpoch } = session;
    const self = { transactionalId, producerId, producerEpoch };
    const names = new Set(rounds.flatMap((round) => round.map((each) => each.topic)));
    const topics = [...names].map((name) => ({ topic: name, partitions: [partition] }));
    const offsets = [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }];
    if (nextRequest !== null) {
      offsets.push({ topic: requestsTopic, partitions: [{ partition, offset: String(nextRequest) }] });
    }
    await allOf([
      session.ask('transaction', transactionalId, addPartitionsToTxn({ ...self, topics })),
      session.ask('transaction', transactionalId, addOffsetsToTxn({ ...self, groupId })),
    ]);
    let ends: WrittenEnds = new Map();
    await allOf([
      writeAll(session, rounds).then((written) => (ends = written)),
      session.ask('group', groupId, txnOffsetCommit({ ...self, groupId, topics: offsets })),
    ]);
    await session.ask('transaction', transactionalId, endTxn({ ...self, transactionResult: true }));
    return ends;
  }

  return {
    fence: () => held.renew(),
    publish: (rounds, nextOffset, nextRequest) =>
      held.use((session) => transact(session, rounds, nextOffset, nextRequest)),
    close: () => held.close(),
  };
}

/** Round after round; where the last of each topic ends. */
export async function writeAll(session: ProducerSession, rounds: readonly Round[]): Promise<WrittenEnds> {
  const ends = new Map<string, Offset>();
  for (const round of rounds) for (const [topic, end] of await session.write(round)) ends.set(topic, end);
  return ends;
}

/** The session of a producer: renewed by fencing, gone after an error. */
export function holdSession(partition: number, open: () => Promise<ProducerSession>) {
  let current: ProducerSession | null = null;

  async function close(): Promise<void> {
    const former = current;
    current = null;
    await former?.close();
  }

  return {
    async renew(): Promise<void> {
      // Not waited for: what it has under way fails at the broker, which is what fencing is.
      void close();
      current = await open();
    },

    async use<T>(work: (session: ProducerSession) => Promise<T>): Promise<T> {
      const session = current;
      if (session === null) {
        throw new CommitFailedError(`Partition ${partition} has no producer since an error. Recover first.`);
      }
      try {
        return await work(session);
      } catch (error) {
        if (current === session) current = null;
        void session.close();
        throw error;
      }
    },

    close,
  };
}
