/**
 * Appends ratings to the topic. One send a partition at a time, with all that waits in it: a full batch costs what a
 * small one does. Never several partitions in a send: should one broker fail, kafkajs sends to the others again while
 * their answers are on the way, under new sequence numbers, and takes partitions whose leader moves as sent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Partitioners, type Kafka, type Message, type Producer, type RecordMetadata } from 'kafkajs';
import { BrokerError, CommitFailedError, OverloadedError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import type { Offset, OutputRecord, RatingsLog } from '../../ports/transport.ts';
import { createFreshAdmin } from './fresh-admin.ts';
import { asAppendError, messageOf } from './kafka-error.ts';
import { readLag, totalOf } from './lag.ts';
import { offsetOf } from './offsets.ts';
import { persistently } from './persistently.ts';

export interface KafkaRatingsLogOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  /** The group whose progress counts. */
  readonly groupId: string;
  /** Most records that may wait to be processed; 100,000 when not given. */
  readonly maxBacklog?: number;
  /** How often the group's progress is asked for; 1 s when not given. In between, what is appended counts as waiting. */
  readonly lagPeriodMs?: number;
  /** Below the topic's max.message.bytes; 900,000 when not given. */
  readonly maxBatchBytes?: number;
  readonly log: Log;
}

export interface KafkaRatingsLog extends RatingsLog {
  /** Records behind the group's committed offset by partition, as of the last look. */
  lag(): ReadonlyMap<number, number>;
  close(): Promise<void>;
}

interface Append {
  readonly partition: number;
  readonly messages: readonly Message[];
  readonly bytes: number;
  readonly resolve: (first: Offset) => void;
  readonly reject: (reason: unknown) => void;
}

const openTimeoutMs = 20_000;

function assertInTime(topic: string, deadlineMs: number): void {
  if (performance.now() < deadlineMs) return;
  throw new BrokerError(
    `The backlog of ${topic} could not be read for ${openTimeoutMs / 1000} s. See the log for why; \`freshet topics check\` says whether the topic exists.`,
    true,
    { topic },
  );
}

export async function openRatingsLog(options: KafkaRatingsLogOptions): Promise<KafkaRatingsLog> {
  const { kafka, topic, groupId, log, maxBacklog = 100_000, maxBatchBytes = 900_000, lagPeriodMs = 1000 } = options;
  const admin = createFreshAdmin(kafka);
  const closing = new AbortController();
  let producer: Producer | null = null;
  let waiting: Append[] = [];
  let sending: Promise<void> | null = null;

  const look = (): Promise<ReadonlyMap<number, number>> =>
    admin.ask(`The backlog of ${topic}`, (asked) => readLag(asked, topic, groupId));

  const deadlineMs = performance.now() + openTimeoutMs;
  // A new topic's leaders, and the group's coordinator, are not known at once.
  let lag = await persistently('reading the backlog', look, () => assertInTime(topic, deadlineMs), log);
  let behind = totalOf(lag);
  let appendedSince = 0;
  let arriving = 0;

  async function followLag(): Promise<void> {
    for (;;) {
      await delay(lagPeriodMs, undefined, { signal: closing.signal });
      const before = appendedSince;
      try {
        lag = await look();
        behind = totalOf(lag);
        appendedSince -= before;
      } catch (error) {
        log.warn({ topic, reason: messageOf(error) }, 'the backlog cannot be read, it counts as it was');
      }
    }
  }
  followLag().catch(() => undefined); // ends when it is closed

  let connecting: Promise<Producer> | null = null;
  const connected = (): Promise<Producer> =>
    producer !== null ? Promise.resolve(producer) : (connecting ??= connect().finally(() => (connecting = null)));

  async function connect(): Promise<Producer> {
    const next = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await next.connect();
    return (producer = next);
  }

  async function sendWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const round = nextRound(waiting, maxBatchBytes);
      waiting = waiting.filter((append) => !round.includes(append));
      const partitions = [...new Set(round.map(({ partition }) => partition))];
      const sends = partitions.map((partition) =>
        sendTo(
          partition,
          round.filter((each) => each.partition === partition),
        ),
      );
      if ((await Promise.all(sends)).every((sent) => sent)) continue;
      // Its sequence numbers may be off: the next producer begins anew.
      await producer?.disconnect().catch(() => undefined);
      producer = null;
    }
    sending = null;
  }

  /** False when it failed; those who wait are told in either case. */
  async function sendTo(partition: number, appends: readonly Append[]): Promise<boolean> {
    try {
      const messages = appends.flatMap((append) => append.messages);
      const written = await (await connected()).sendBatch({ acks: -1, topicMessages: [{ topic, messages }] });
      confirm(partition, appends, written);
      return true;
    } catch (error) {
      for (const { reject } of appends) reject(asAppendError(error, topic, partition));
      return false;
    }
  }

  function confirm(partition: number, appends: readonly Append[], written: readonly RecordMetadata[]): void {
    const [answer] = written;
    if (answer === undefined || written.length > 1 || answer.partition !== partition) {
      throw new CommitFailedError(
        `Records for partition ${partition} of ${topic} were acknowledged ${written.length} times.`,
      );
    }
    let next = offsetOf(answer.baseOffset ?? '-1');
    for (const { messages, resolve } of appends) {
      resolve(next);
      next += messages.length;
      appendedSince += messages.length;
    }
  }

  const backlog = (): number => behind + appendedSince + arriving;

  async function endOf(partition: number): Promise<Offset> {
    const ends = await admin.ask(`The end of ${topic}`, (asked) => asked.fetchTopicOffsets(topic));
    return offsetOf(ends.find((each) => each.partition === partition)?.high ?? '0');
  }

  function append(partition: number, records: readonly OutputRecord[]): Promise<Offset> {
    const recordCount = records.length;
    if (recordCount === 0) return endOf(partition);
    const now = backlog();
    if (now > 0 && now + recordCount > maxBacklog) {
      return Promise.reject(
        new OverloadedError(
          `${recordCount} ratings were refused: ${now} wait to be processed and the limit is ${maxBacklog}. Send them again later.`,
          { recordCount, waiting: now, maxBacklog },
        ),
      );
    }
    arriving += recordCount;
    return new Promise<Offset>((resolve, reject) => {
      const messages = records.map(({ key, value }) => ({ key: asBuffer(key), value: asBuffer(value), partition }));
      const bytes = messages.reduce((sum, { key, value }) => sum + 60 + (key?.length ?? 0) + (value?.length ?? 0), 0);
      waiting.push({ partition, messages, bytes, resolve, reject });
      sending ??= Promise.resolve().then(sendWaiting);
    }).finally(() => {
      arriving -= recordCount;
    });
  }

  return {
    append,
    backlog,
    lag: () => lag,
    async close() {
      closing.abort();
      await sending;
      await Promise.allSettled([producer?.disconnect(), admin.close()]);
    },
  };
}

/** In order, whole appends, at most one batch a partition: a batch is written whole or not at all. */
function nextRound(waiting: readonly Append[], maxBatchBytes: number): Append[] {
  const filled = new Map<number, number>();
  return waiting.filter(({ partition, bytes }) => {
    const before = filled.get(partition) ?? 0;
    filled.set(partition, before + bytes);
    return before === 0 || before + bytes <= maxBatchBytes;
  });
}

function asBuffer(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
