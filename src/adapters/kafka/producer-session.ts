/**
 * What a producer is between two fences: connections of its own, an id with an epoch from the broker, and a sequence
 * number for each topic, by which a batch that is sent again is written once. After any error a session is thrown away.
 */
import type { Broker, Kafka } from 'kafkajs';
import { CommitFailedError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import type { Round } from './checkpoint-rounds.ts';
import { clusterOf } from './cluster-of.ts';
import {
  createErrorFromCode,
  initProducerId,
  sendTo,
  type CoordinatorFinder,
  type ProducerIdentity,
  type ProtocolRequest,
} from './kafkajs-internals.ts';
import { produceRequest, type ProduceAnswer, type SealedBatch } from './produce-request.ts';
import { retrying } from './retrying.ts';

/** One past the last record written to the partition, by topic. */
export type WrittenEnds = ReadonlyMap<string, Offset>;

export type Coordinator = 'transaction' | 'group';

export interface ProducerSession extends ProducerIdentity {
  /** Writes each batch of the round once, acknowledged by all replicas. */
  write(round: Round): Promise<WrittenEnds>;
  /** Asks the broker that coordinates the transactional id, or the group of this name. */
  ask<Response>(coordinator: Coordinator, id: string, request: ProtocolRequest<Response>): Promise<Response>;
  /** Nothing is tried again from now on; what is under way fails. */
  close(): Promise<void>;
}

export interface ProducerSessionOptions {
  readonly kafka: Kafka;
  /** Of all topics that are written to. */
  readonly partition: number;
  /** Null for a producer without transactions. */
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
}

/** With a transactional id whatever was under way under it is ended first, and every earlier session of it is fenced. */
export async function openSession(options: ProducerSessionOptions): Promise<ProducerSession> {
  const { kafka, partition, transactionalId, transactionTimeoutMs } = options;
  const cluster = clusterOf(kafka);
  const coordinators = new Map<string, Broker>();
  const sequences = new Map<string, number>();
  let isOpen = true;
  const isWanted = (): boolean => isOpen;

  async function close(): Promise<void> {
    isOpen = false;
    await cluster.disconnect().catch(() => undefined);
  }

  function ask<Response>(kind: Coordinator, id: string, request: ProtocolRequest<Response>): Promise<Response> {
    const place = `${kind} ${id}`;
    return retrying(async () => {
      try {
        const broker = coordinators.get(place) ?? (await findCoordinator(kind, id));
        coordinators.set(place, broker);
        return await sendTo(broker, request);
      } catch (error) {
        coordinators.delete(place); // it may have moved
        throw error;
      }
    }, isWanted);
  }

  function findCoordinator(kind: Coordinator, groupId: string): Promise<Broker> {
    const coordinatorType = kind === 'transaction' ? 1 : 0;
    return (cluster as unknown as CoordinatorFinder).findGroupCoordinator({ groupId, coordinatorType });
  }

  async function identify(): Promise<ProducerIdentity> {
    const request = initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs });
    if (transactionalId !== null) return ask('transaction', transactionalId, request);
    return retrying(async () => {
      await cluster.refreshMetadataIfNecessary();
      return sendTo(await cluster.findControllerBroker(), request);
    }, isWanted);
  }

  /** Takes the numbers of the batch's records. They are part of the sealed bytes: sent again, it is the same batch. */
  function nextSequence(topic: string, recordCount: number): number {
    const first = sequences.get(topic) ?? 0;
    sequences.set(topic, (first + recordCount) % 2 ** 31);
    return first;
  }

  async function leaderOf(topic: string): Promise<Broker> {
    const nodeId = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
    if (nodeId === undefined) throw new CommitFailedError(`Topic ${topic} has no partition ${partition}.`);
    return cluster.findBroker({ nodeId });
  }

  async function write(round: Round, { producerId, producerEpoch }: ProducerIdentity): Promise<WrittenEnds> {
    const timestampMs = Date.now();
    const isTransactional = transactionalId !== null;
    const ends = new Map<string, Offset>();
    let missing: SealedBatch[] = round.map(({ topic, batch }) => {
      const firstSequence = nextSequence(topic, batch.recordCount);
      const origin = { producerId: BigInt(producerId), producerEpoch, firstSequence, isTransactional, timestampMs };
      return { topic, bytes: batch.seal(origin) };
    });
    const counts = new Map(round.map(({ topic, batch }) => [topic, batch.recordCount]));

    async function sendToLeader(leader: Broker, batches: readonly SealedBatch[]): Promise<void> {
      const answers = await sendTo(leader, produceRequest(transactionalId, partition, batches));
      const errors = new Map<string, number>();
      for (const { topic } of batches) {
        const { errorCode, baseOffset } = answers.get(topic) ?? unanswered(topic, partition);
        if (errorCode === 0) ends.set(topic, baseOffset + (counts.get(topic) ?? 0));
        else errors.set(topic, errorCode);
      }
      missing = missing.filter(({ topic }) => !ends.has(topic));
      for (const errorCode of errors.values()) throw createErrorFromCode(errorCode);
    }

    let tries = 0;
    await retrying(async () => {
      if (tries++ > 0) await cluster.refreshMetadata();
      await cluster.addMultipleTargetTopics(missing.map(({ topic }) => topic));
      const byLeader = new Map<Broker, SealedBatch[]>();
      for (const batch of missing) {
        const leader = await leaderOf(batch.topic);
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
      }
      await allOf([...byLeader].map(([leader, batches]) => sendToLeader(leader, batches)));
    }, isWanted);
    return ends;
  }

  try {
    await cluster.connect();
    const identity = await identify();
    return { ...identity, ask, close, write: (round) => write(round, identity) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves or rejects when all have ended, so that nothing is under way any more. */
export async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

function unanswered(topic: string, partition: number): ProduceAnswer {
  throw new CommitFailedError(
    `Records for partition ${partition} of ${topic} were sent and not acknowledged. Recover and process again.`,
    { topic, partition },
  );
}
