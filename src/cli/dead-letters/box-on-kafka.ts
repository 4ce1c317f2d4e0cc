/**
 * The dead letters of a group, asked at any of its workers. A retry goes out under the transactional id of
 * `dead-letters replay`, with its receipt: whoever opens it later has seen all that was put in before.
 */
import type { Kafka } from 'kafkajs';
import type { KafkaTopics } from '../../adapters/kafka/changelog.ts';
import { eachPage } from '../../adapters/kafka/each-page.ts';
import { openFencedWriter, type FencedWriter } from '../../adapters/kafka/fenced-writer.ts';
import { awaitCommitted } from '../../adapters/kafka/high-watermarks.ts';
import type { PartitionReader } from '../../adapters/kafka/partition-reader.ts';
import { CommitFailedError, FencedError } from '../../errors.ts';
import type { Codec } from '../../ports/codec.ts';
import type { DeadLetterBox, RetryResult, StoredLetter } from '../../ports/dead-letters.ts';
import type { SchemaSource } from '../../ports/schema-source.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import { digestOf, refusalOf, userOf } from './judge.ts';
import { latestOf } from './latest.ts';
import { parseReceipt, receiptKey } from './receipt.ts';

export interface KafkaBoxParts {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly app: string;
  readonly topics: KafkaTopics;
  readonly partitionCount: number;
  readonly codec: Codec;
  readonly schemas?: SchemaSource | undefined;
  /** For one answer; it gives up on brokers that are away. */
  readonly openReader: () => PartitionReader;
  /** Aborted when the worker leaves. */
  readonly signal: AbortSignal;
}

/** Letters are followed by the marks of their transactions and by receipts: so many offsets a letter are looked at. */
const offsetsPerLetter = 4;
/** A letter with more behind it is for `dead-letters replay`. */
const farthestOffsets = 100_000;

interface Tail {
  readonly letters: readonly StoredLetter[];
  /** Where the last receipt of these bytes stands. */
  readonly receipts: ReadonlyMap<string, number>;
}

export function boxOnKafka(parts: KafkaBoxParts): DeadLetterBox {
  const { kafka, brokers, app, topics, partitionCount, codec, schemas, openReader, signal } = parts;
  const topic = topics.deadLetters;
  let last: Promise<unknown> = Promise.resolve();

  async function withReader<T>(work: (reader: PartitionReader) => Promise<T>): Promise<T> {
    const reader = openReader();
    try {
      return await work(reader);
    } finally {
      await reader.close().catch(() => undefined);
    }
  }

  async function tailOf(reader: PartitionReader, partition: number, from: number): Promise<Tail> {
    const letters: StoredLetter[] = [];
    const receipts = new Map<string, number>();
    await eachPage(
      reader,
      topic,
      partition,
      (records) => {
        for (const { offset, key, value } of records) {
          if (value !== null) letters.push(copied({ letterOffset: offset, ...codec.decodeDeadLetter(value) }));
          else if (key !== null) for (const { digest } of parseReceipt(key)) receipts.set(digest, offset);
        }
      },
      { from },
    );
    return { letters, receipts };
  }

  const isRetried = ({ receipts }: Tail, letter: StoredLetter): boolean =>
    letter.letterOffset < (receipts.get(digestOf(letter)) ?? -1);

  async function retryBy(writer: FencedWriter, reader: PartitionReader, at: number, offset: number) {
    await awaitCommitted({ kafka, brokers, reader, signal }, topic, [at]);
    const tail = await tailOf(reader, at, offset);
    const letter = tail.letters.find(({ letterOffset }) => letterOffset === offset);
    if (letter === undefined) return unknown;
    if (isRetried(tail, letter)) return { kind: 'already-in' } satisfies RetryResult;
    if (letter.schemaId !== null && schemas?.isKnown(letter.schemaId) === false) await schemas.learn(letter.schemaId);
    const refusal = refusalOf(codec, letter);
    if (refusal !== null) return { kind: 'refused', code: refusal.code, reason: refusal.message } satisfies RetryResult;
    const partition = partitionOf(Buffer.from(userOf(codec, letter)), partitionCount);
    let stands = -1;
    await writer.write(topics.ratings, [{ ...bytesOf(letter), partition }], ([place = -1]) => {
      stands = place;
      const receipt = { digest: digestOf(letter), partition, offset: place };
      return { topic, messages: [{ key: receiptKey(receipt), value: null, partition: at }] };
    });
    return { kind: 'retried', partition, offset: stands } satisfies RetryResult;
  }

  const retryNow = (at: number, offset: number): Promise<RetryResult> =>
    withReader(async (reader): Promise<RetryResult> => {
      if (at >= partitionCount) return unknown;
      const { start, end } = await reader.bounds(topic, at);
      if (offset < start || offset >= end || end - offset > farthestOffsets) return unknown;
      const writer = await openFencedWriter(kafka, `${app}-${topic}-replay`);
      try {
        return await retryBy(writer, reader, at, offset);
      } catch (error) {
        if (!(error instanceof FencedError)) throw error;
        const busy =
          'Another worker, or the command, retries a dead letter just now. Ask again: what is in is not put in twice.';
        throw new CommitFailedError(busy, { partition: at, offset }, error);
      } finally {
        await writer.close().catch(() => undefined);
      }
    });

  return {
    latest: (count) =>
      withReader(async (reader) => {
        const latest = latestOf(count);
        const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
        const ends = await reader.ends(topic, partitions);
        for (const letterPartition of partitions) {
          const from = (ends.get(letterPartition) ?? 0) - offsetsPerLetter * count;
          const tail = await tailOf(reader, letterPartition, Math.max(0, from));
          for (const letter of tail.letters.slice(-count)) {
            latest.offer({ ...letter, letterPartition, isRetried: isRetried(tail, letter) });
          }
        }
        return { total: null, letters: latest.newestFirst() };
      }),
    retry(at, offset) {
      const turn = last.then(() => retryNow(at, offset));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

const unknown: RetryResult = { kind: 'unknown' };

/** What was fetched is not kept. */
const copied = (letter: StoredLetter): StoredLetter => ({
  ...letter,
  key: letter.key && Uint8Array.from(letter.key),
  value: letter.value && Uint8Array.from(letter.value),
});

const bytesOf = ({ key, value }: StoredLetter) => ({
  key: key && Buffer.from(key),
  value: value && Buffer.from(value),
});
