/**
 * What a topic holds, as a read-committed reader sees it. It is on purpose not the adapter's own reader, which it is
 * there to check, and it forms no group, so that it can be asked often.
 */
import { createRequire } from 'node:module';
import { logLevel, type IHeaders } from 'kafkajs';
import { topicEnds } from './topic-ends.ts';
import { until } from './until.ts';

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  /** Of the record, in milliseconds. */
  readonly timestampMs: number;
}

interface RawMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly batchContext?: { readonly firstOffset: string; readonly lastOffsetDelta: number };
}
interface RawPartition {
  readonly messages: readonly RawMessage[];
}
interface Broker {
  fetch(request: object): Promise<{ responses: { partitions: RawPartition[] }[] }>;
}
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<Broker>;
}

const require = createRequire(import.meta.url);
const ClusterOf = require('kafkajs/src/cluster') as new (options: object) => Cluster;
const Batch = require('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  fetched: RawPartition,
) => { readonly messages: readonly RawMessage[] };
const socketFactory = require('kafkajs/src/network/socketFactory') as () => unknown;
const { createLogger } = require('kafkajs/src/loggers') as { createLogger: (options: object) => unknown };
const logCreator: unknown = require('kafkajs/src/loggers/console');

const readCommittedLevel = 1;

/** Every committed record of the topic, by partition and offset, to the end as of the call. */
export async function readCommitted(brokers: readonly string[], topic: string): Promise<CommittedRecord[]> {
  const bounds = await topicEnds(brokers, topic);
  const cluster = new ClusterOf({
    logger: createLogger({ level: logLevel.NOTHING, logCreator }),
    socketFactory: socketFactory(),
    brokers: [...brokers],
    clientId: 'freshet-test-reader',
    connectionTimeout: 1000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    maxInFlightRequests: null,
    allowAutoTopicCreation: false,
    isolationLevel: readCommittedLevel,
    retry: { retries: 10, initialRetryTime: 20, maxRetryTime: 500 },
  });
  await cluster.connect();
  try {
    await cluster.addTargetTopic(topic);
    const records: CommittedRecord[] = [];
    for (const { partition, low, high } of bounds.toSorted((a, b) => a.partition - b.partition)) {
      await readPartition(cluster, topic, partition, Number(low), Number(high), records);
    }
    return records;
  } finally {
    await cluster.disconnect();
  }
}

/** Reads the topic until `enough` is content with it: a commit may be visible a few milliseconds after it returned. */
export function awaitCommitted(
  brokers: readonly string[],
  topic: string,
  enough: number | ((records: readonly CommittedRecord[]) => boolean),
  timeoutMs = 30_000,
): Promise<CommittedRecord[]> {
  const content = typeof enough === 'number' ? (records: readonly unknown[]) => records.length >= enough : enough;
  return until(
    `${typeof enough === 'number' ? enough : 'the expected'} records on ${topic}`,
    async () => {
      const records = await readCommitted(brokers, topic);
      return content(records) && records;
    },
    timeoutMs,
    50,
  );
}

async function readPartition(
  cluster: Cluster,
  topic: string,
  partition: number,
  start: number,
  end: number,
  into: CommittedRecord[],
): Promise<void> {
  const leader = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0]!;
  const broker = await cluster.findBroker({ nodeId: leader });
  for (let position = start; position < end;) {
    const { responses } = await broker.fetch({
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes: 16_777_216,
      isolationLevel: readCommittedLevel,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(position), maxBytes: 8_388_608 }] }],
    });
    const fetched = responses[0]!.partitions[0]!;
    for (const message of new Batch(topic, String(position), fetched).messages) {
      const offset = Number(message.offset);
      if (offset >= end) continue;
      const { value, headers } = message;
      const key = message.key === null ? null : message.key.toString();
      into.push({ partition, offset, key, value, headers, timestampMs: Number(message.timestamp) });
    }
    // Whole batches arrive, with holes that compaction left at their end: the next one starts behind the batch, not
    // behind its last record. A batch that was emptied is not seen at all, hence at least one step.
    position = fetched.messages.reduce((next, message) => Math.max(next, after(message)), position + 1);
  }
}

function after({ offset, batchContext }: RawMessage): number {
  if (batchContext === undefined) return Number(offset) + 1;
  return Number(batchContext.firstOffset) + batchContext.lastOffsetDelta + 1;
}
