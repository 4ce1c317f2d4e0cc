/** A reader on the broker of the run, a topic made for one test, and writers to it. */
import { onTestFinished } from 'vitest';
import {
  createPartitionReader,
  type PartitionReaderOptions,
} from '../../../src/adapters/kafka/partition-reader-kafkajs.ts';
import type { PartitionReader } from '../../../src/adapters/kafka/partition-reader.ts';
import type { Log } from '../../../src/ports/log.ts';
import { brokers, uniqueName } from '../../support/kafka/suite.ts';
import { createTopics, testClient } from '../../support/kafka/topics.ts';
import { until } from '../../support/kafka/until.ts';

const nothing = (): void => undefined;
export const quiet: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export function givenReader(options: Partial<PartitionReaderOptions> = {}): PartitionReader {
  const reader = createPartitionReader({ brokers, clientId: 'freshet-test', log: quiet, ...options });
  onTestFinished(() => reader.close());
  return reader;
}

export async function givenTopic(config: Record<string, string> = {}, partitionCount = 1): Promise<string> {
  const topic = uniqueName('reader');
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await createTopics(brokers, [{ topic, numPartitions: partitionCount, configEntries }]);
  return topic;
}

export interface Written {
  readonly key: string;
  readonly value: string | Buffer | null;
  readonly partition?: number;
}

export interface TransactionWriter {
  /** Resolves once readers see it. */
  commit(records: readonly Written[]): Promise<void>;
  abort(records: readonly Written[]): Promise<void>;
  /** Leaves the transaction open; the returned function commits it. */
  begin(records: readonly Written[]): Promise<() => Promise<void>>;
}

export async function givenWriter(topic: string, reader: PartitionReader): Promise<TransactionWriter> {
  const producer = testClient(brokers).producer({ transactionalId: uniqueName('writer'), maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());

  async function sent(records: readonly Written[]) {
    const transaction = await producer.transaction();
    const messages = records.map((record) => ({ partition: 0, ...record }));
    const written = await transaction.send({ topic, messages });
    return { transaction, written };
  }

  /** Behind the marker of every partition that was written to. */
  async function visible(records: readonly Written[], written: Awaited<ReturnType<typeof sent>>['written']) {
    for (const { partition, baseOffset } of written) {
      const count = records.filter((record) => (record.partition ?? 0) === partition).length;
      const end = Number(baseOffset) + count;
      await until(
        'the markers are written',
        async () => (await reader.ends(topic, [partition])).get(partition)! > end,
        5000,
        2,
      );
    }
  }

  return {
    async commit(records) {
      const { transaction, written } = await sent(records);
      await transaction.commit();
      await visible(records, written);
    },
    async abort(records) {
      const { transaction, written } = await sent(records);
      await transaction.abort();
      await visible(records, written);
    },
    async begin(records) {
      const { transaction, written } = await sent(records);
      return async () => {
        await transaction.commit();
        await visible(records, written);
      };
    },
  };
}

export const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();

/** Reads to the end: `key=value` of every record, and where it ended. */
export async function readAll(reader: PartitionReader, topic: string, from = 0, partition = 0) {
  const records: string[] = [];
  const offsets: number[] = [];
  const holes: string[] = [];
  const position = await reader.readToEnd(
    topic,
    partition,
    from,
    ({ offset, key, value }) => {
      records.push(`${textOf(key)}=${textOf(value)}`);
      offsets.push(offset);
    },
    undefined,
    (start, end) => holes.push(`${start}..${end}`),
  );
  return { records, offsets, holes, position };
}

/** Settings with which the broker compacts everything but the open segment within moments. */
export const eagerCompaction = {
  'cleanup.policy': 'compact',
  'segment.ms': '300',
  'min.cleanable.dirty.ratio': '0.001',
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '100',
};

/** Writes into new segments until `check` is content: only closed segments are compacted. */
export async function untilCompacted(writer: TransactionWriter, check: () => Promise<boolean>): Promise<void> {
  let round = 0;
  await until(
    'the partition is compacted',
    async () => {
      await writer.commit([{ key: 'roll', value: String(round++) }]);
      return check();
    },
    45_000,
    400,
  );
}
