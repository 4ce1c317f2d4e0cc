/**
 * Readers of committed data see nothing behind the first open transaction of a partition, whoever's it is, not even
 * what was committed there. Who has to see all that is committed waits until those are ended.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { BrokerError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import { asBrokerError } from './broker-error.ts';
import { clusterOf } from './cluster-of.ts';
import { offsetOf } from './offsets.ts';
import type { PartitionReader } from './partition-reader.ts';

const pollMs = 20;

export interface CommittedAwait {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly reader: PartitionReader;
  readonly signal: AbortSignal;
  /** Longer than workers keep a transaction open. */
  readonly patienceMs?: number;
}

/** Resolves when all that was written to the partitions before the call is committed or aborted, and seen as such. */
export async function awaitCommitted(
  { kafka, brokers, reader, signal, patienceMs = 90_000 }: CommittedAwait,
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  const written = await highWatermarks(kafka, brokers, topic, partitions);
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const ends = await reader.ends(topic, partitions);
    const open = partitions.find((partition) => (ends.get(partition) ?? 0) < (written.get(partition) ?? 0));
    if (open === undefined) return;
    if (performance.now() > deadlineMs) {
      throw new BrokerError(
        `A transaction in partition ${open} of ${topic} is open for ${patienceMs / 1000} s, and what was committed behind it cannot be seen. ` +
          'Find its producer with kafka-transactions.sh, or wait until the broker ends it.',
        true,
        { topic, partition: open },
      );
    }
    await delay(pollMs, undefined, { signal });
  }
}

async function highWatermarks(
  kafka: Kafka,
  brokers: readonly string[],
  topic: string,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, Offset>> {
  const cluster = clusterOf(kafka, { readUncommitted: true });
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    const partitions = numbers.map((partition) => ({ partition }));
    const answers = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: false }]);
    return new Map(
      answers.flatMap((answer) => answer.partitions.map(({ partition, offset }) => [partition, offsetOf(offset)])),
    );
  } catch (error) {
    throw asBrokerError(error, `Asking for the ends of ${topic}`, brokers);
  } finally {
    await cluster.disconnect();
  }
}
