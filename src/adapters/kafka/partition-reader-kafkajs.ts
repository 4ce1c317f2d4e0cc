/**
 * The group-less reader over connections of kafkajs. One response is read while the next is on its way, so at most two
 * of them (`maxFetchBytes` each, or one batch when that is larger) are held at a time. Key and value of a record are
 * views into the response, or into the decompressed batch: nothing is copied.
 *
 * Leaders move and brokers restart: what may succeed later is tried again from the same position, with growing pauses,
 * until nothing has been read for `patienceMs`.
 */
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import type { Broker, Cluster } from 'kafkajs';
import { CorruptStateError, InvariantViolation } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import { asBrokerError, causesOf, isWorthRetrying } from './broker-error.ts';
import { clusterOf } from './cluster-of.ts';
import { createKafka, type KafkaConnectionOptions } from './connection.ts';
import { fetchPartition, type FetchedBatches } from './fetch-partition.ts';
import { offsetOf } from './offsets.ts';
import type { PartitionReader } from './partition-reader.ts';
import { visitBatches } from './visit-batches.ts';

export interface PartitionReaderOptions extends KafkaConnectionOptions {
  readonly maxFetchBytes?: number;
  readonly patienceMs?: number;
  /** Hears of every fetch that was answered. */
  readonly onFetch?: (topic: string, partition: number) => void;
}

const defaultMaxFetchBytes = 8 * 1024 * 1024;
const defaultPatienceMs = 60_000;
/** Topics are created before they are read: one that stays unknown is missing. */
const unknownTopicPatienceMs = 5000;
const firstPauseMs = 20;
const longestPauseMs = 2000;
/** Others may run after this long; heartbeats are among them. */
const sliceMs = 10;

export function createPartitionReader(options: PartitionReaderOptions): PartitionReader {
  const { log, maxFetchBytes = defaultMaxFetchBytes, patienceMs = defaultPatienceMs } = options;
  const cluster: Cluster = clusterOf(createKafka(options));
  const closing = new AbortController();

  /** Repeats what may succeed once metadata are fresh. */
  async function patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        if (closing.signal.aborted)
          throw new InvariantViolation(`${what} was asked of a closed reader. Please report it.`);
        return await work();
      } catch (error) {
        const allowedMs = hasType(error, 'UNKNOWN_TOPIC_OR_PARTITION')
          ? Math.min(patienceMs, unknownTopicPatienceMs)
          : patienceMs;
        const isHopeless = !isWorthRetrying(error) || performance.now() - startMs + pauseMs > allowedMs;
        if (closing.signal.aborted || isHopeless) {
          throw asBrokerError(error, what, options.brokers);
        }
        const fields = { what, pauseMs, reason: String(error) };
        if (pauseMs === longestPauseMs) log.warn(fields, 'reading a partition is tried again');
        else log.debug(fields, 'reading a partition is tried again');
      }
      await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      await cluster.refreshMetadata().catch(() => undefined); // a failure shows itself in the next attempt
    }
  }

  async function connected(topic: string): Promise<void> {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadataIfNecessary();
  }

  async function leaderOf(topic: string, partition: number): Promise<Broker> {
    await connected(topic);
    const nodeId = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
    if (nodeId === undefined) {
      throw new CorruptStateError(
        `Topic ${topic} has no partition ${partition}: it has fewer partitions than the ratings topic. Run \`freshet topics check\`.`,
        { topic, partition },
      );
    }
    return cluster.findBroker({ nodeId });
  }

  async function offsets(
    topic: string,
    numbers: readonly number[],
    fromBeginning: boolean,
  ): Promise<Map<number, Offset>> {
    await connected(topic);
    const partitions = numbers.map((partition) => ({ partition }));
    const answers = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
    const found = new Map(
      answers.flatMap((answer) => answer.partitions.map(({ partition, offset }) => [partition, offsetOf(offset)])),
    );
    const missing = numbers.find((partition) => !found.has(partition));
    if (missing !== undefined) await leaderOf(topic, missing); // says which partition there is not
    return found;
  }

  function fetched(topic: string, partition: number, from: Offset): Promise<FetchedBatches> {
    return patiently(`Reading partition ${partition} of ${topic}`, async () => {
      const broker = await leaderOf(topic, partition);
      const answer = await fetchPartition(broker, topic, partition, from, maxFetchBytes).catch((error: unknown) => {
        throw hasType(error, 'OFFSET_OUT_OF_RANGE') ? outOfRange(topic, partition, from, error) : error;
      });
      options.onFetch?.(topic, partition);
      return answer;
    });
  }

  const ends: PartitionReader['ends'] = (topic, partitions) =>
    patiently(`Asking for the ends of ${topic}`, () => offsets(topic, partitions, false));

  return {
    ends,

    async bounds(topic, partition) {
      const [starts, end] = await Promise.all([
        patiently(`Asking for the start of ${topic}`, () => offsets(topic, [partition], true)),
        ends(topic, [partition]),
      ]);
      return { start: starts.get(partition) ?? 0, end: end.get(partition) ?? 0 };
    },

    async readToEnd(topic, partition, from, onRecord, onProgress, onHole) {
      const end = (await ends(topic, [partition])).get(partition) ?? 0;
      let sliceEndMs = performance.now() + sliceMs;
      const visitor = {
        record: onRecord,
        hole: onHole,
        async breathe() {
          if (performance.now() < sliceEndMs) return;
          await breathe();
          sliceEndMs = performance.now() + sliceMs;
        },
      };
      let position = from;
      let response = position < end ? fetched(topic, partition, position) : null;
      while (response !== null) {
        const answer: FetchedBatches = await response;
        const next = answer.batches.at(-1)?.nextOffset ?? position;
        response = next < end ? fetched(topic, partition, next) : null;
        response?.catch(() => undefined); // it is awaited in the next round, unless a visitor throws first
        await visitBatches(answer, position, visitor);
        position = next;
        await onProgress?.(position, end);
      }
      return position;
    },

    async close() {
      closing.abort();
      await cluster.disconnect();
    },
  };
}

const hasType = (error: unknown, type: string): boolean => causesOf(error).some((cause) => cause.type === type);

function outOfRange(topic: string, partition: number, from: Offset, cause: unknown): CorruptStateError {
  return new CorruptStateError(
    `Offset ${from} of partition ${partition} of ${topic} is not in the log: records were deleted, or the topic was made anew. ` +
      'A changelog must be compacted and never deleted: run `freshet topics check`, then rebuild the state from the ratings.',
    { topic, partition, from },
    cause,
  );
}
