/**
 * Another try for the dead letters of a group. Each batch goes out in one transaction with receipts that say which bytes
 * stand where now, under a transactional id that fences a replay which is still at work. A letter is done when its bytes
 * stand in the ratings topic at a place that was not refused, by a receipt or in the topic itself. So replaying twice,
 * at the same time, or after being killed half-way, adds nothing twice.
 *
 * Distinct records are taken on in passes of so many: memory does not grow with the number of letters.
 */
import type { Message } from 'kafkajs';
import { eachPage } from '../../adapters/kafka/each-page.ts';
import { openFencedWriter, type FencedWriter } from '../../adapters/kafka/fenced-writer.ts';
import { awaitCommitted } from '../../adapters/kafka/high-watermarks.ts';
import { RegistryError } from '../../errors.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import type { SchemaSource } from '../../ports/schema-source.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import type { CommandIo } from '../command.ts';
import { partitionsOf, type KafkaClient } from '../kafka-client.ts';
import { readingProgress } from '../reading-progress.ts';
import { digestOf, refusalOf, userOf, type LettersReplay } from './judge.ts';
import { eachLetterPage } from './on-kafka.ts';
import type { StoredLetter } from '../../ports/dead-letters.ts';
import { receiptKey } from './receipt.ts';

export interface KafkaReplay {
  readonly client: KafkaClient;
  readonly codec: RatingDecoder;
  readonly schemas?: SchemaSource | undefined;
  readonly io: CommandIo;
  /** Distinct records taken on at once; 100,000 when not given. */
  readonly passSize?: number;
}

/** A record to be replayed: the place of the letter that stands for all of its bytes, and where these were refused. */
interface Candidate {
  readonly at: string;
  readonly refusedAt: Set<string>;
  isIn: boolean;
}

interface Pass {
  readonly candidates: Map<string, Candidate>;
  /** The first letter that there was no room for: the next pass begins there. */
  readonly rest: { readonly partition: number; readonly offset: number } | null;
  readonly deadLetters: number;
  readonly reasons: Readonly<Record<string, number>>;
}

const batchLetters = 500;
const batchBytes = 800_000;
const place = (partition: number, offset: number): string => `${partition}:${offset}`;

export async function replayLettersOnKafka(options: KafkaReplay): Promise<LettersReplay> {
  const { kafka, app, topics } = options.client;
  const writer = await openFencedWriter(kafka, `${app}-${topics.deadLetters}-replay`);
  try {
    let replayed = 0;
    for (let from: Pass['rest'] = { partition: 0, offset: 0 }; ;) {
      const pass = await judgeLetters(options, from);
      await markWhatIsIn(options, pass.candidates);
      replayed += await putThrough(options, pass.candidates, writer);
      from = pass.rest;
      if (from !== null) continue;
      const { deadLetters, reasons } = pass;
      const stillRefused = Object.values(reasons).reduce((sum, count) => sum + count, 0);
      return { deadLetters, replayed, alreadyIn: deadLetters - stillRefused - replayed, stillRefused, reasons };
    }
  } finally {
    await writer.close().catch(() => undefined);
  }
}

/** Looks at all letters; candidates are those from `from` on, as many as there is room for. */
async function judgeLetters(options: KafkaReplay, from: NonNullable<Pass['rest']>): Promise<Pass> {
  const { client, codec, io, passSize = 100_000 } = options;
  // Behind an open transaction of a worker there may be receipts.
  await awaitCommitted({ ...client, signal: io.signal }, client.topics.deadLetters, partitionsOf(client));
  const candidates = new Map<string, Candidate>();
  const reasons: Record<string, number> = {};
  let deadLetters = 0;
  let rest: Pass['rest'] = null;
  await eachLetterPage(client, io, 'judge', async ({ partition, letters }) => {
    await learnSchemas(options, letters);
    for (const letter of letters) {
      deadLetters++;
      const code = refusalOf(codec, letter)?.code ?? null;
      if (code !== null) {
        reasons[code] = (reasons[code] ?? 0) + 1;
        continue;
      }
      const { letterOffset: offset } = letter;
      const digest = digestOf(letter);
      const candidate = candidates.get(digest);
      const isBefore = partition < from.partition || (partition === from.partition && offset < from.offset);
      if (candidate !== undefined) candidate.refusedAt.add(place(letter.partition, letter.offset));
      else if (isBefore) continue;
      else if (candidates.size < passSize) {
        const refusedAt = new Set([place(letter.partition, letter.offset)]);
        candidates.set(digest, { at: place(partition, offset), refusedAt, isIn: false });
      } else rest ??= { partition, offset };
    }
  });
  return { candidates, rest, deadLetters, reasons };
}

/** A schema that nobody can tell about now is no reason to call a letter refused. */
async function learnSchemas({ schemas, io }: KafkaReplay, letters: readonly StoredLetter[]): Promise<void> {
  if (schemas === undefined) return;
  const ids = new Set(letters.map(({ schemaId }) => schemaId).filter((id) => id !== null));
  for (const id of ids) {
    for (let tries = 0; !schemas.isKnown(id) && !(await schemas.learn(id)); tries++) {
      io.signal.throwIfAborted();
      if (tries < registryTries) continue;
      throw new RegistryError(
        `The schema registry has not answered for ${registryTries} s what schema id ${id} is, so it cannot be said which letters can be read now. Run it again when the registry answers.`,
        true,
        { schemaId: id },
      );
    }
  }
}
const registryTries = 30;

async function markWhatIsIn({ client, io }: KafkaReplay, candidates: Map<string, Candidate>): Promise<void> {
  if (candidates.size === 0) return;
  const mark = (digest: string, at: string): void => {
    const candidate = candidates.get(digest);
    if (candidate !== undefined && !candidate.refusedAt.has(at)) candidate.isIn = true;
  };
  const sizes = new Set<number>();
  await eachLetterPage(client, io, 'receipts', ({ letters, receipts }) => {
    for (const { digest, partition, offset } of receipts) mark(digest, place(partition, offset));
    for (const letter of letters) sizes.add(sizeOf(letter));
  });
  const { reader, topics } = client;
  const topic = topics.ratings;
  const partitions = partitionsOf(client);
  await awaitCommitted({ ...client, signal: io.signal }, topic, partitions);
  const progress = await readingProgress(reader, [{ topic, partitions }], io, 'ratings');
  try {
    for (const partition of partitions) {
      const onPage = (records: Parameters<Parameters<typeof eachPage>[3]>[0]): void => {
        for (const record of records) {
          if (sizes.has(sizeOf(record))) mark(digestOf(record), place(partition, record.offset));
        }
      };
      await eachPage(reader, topic, partition, onPage, { onProgress: progress.of(topic, partition) });
    }
  } finally {
    progress.stop();
  }
}

/** Most ratings have another size than any letter: they are not hashed. */
const sizeOf = ({ key, value }: { readonly key: Uint8Array | null; readonly value: Uint8Array | null }): number =>
  (key?.length ?? -1) * 2 ** 24 + (value?.length ?? -1);

/** The untouched bytes, in the partition of the user whom they name now. */
async function putThrough(
  { client, codec, io }: KafkaReplay,
  candidates: ReadonlyMap<string, Candidate>,
  writer: FencedWriter,
): Promise<number> {
  const waiting = [...candidates.values()].filter(({ isIn }) => !isIn);
  if (waiting.length === 0) return 0;
  const { topics, partitionCount } = client;
  const wanted = new Set(waiting.map(({ at }) => at));
  let replayed = 0;
  await eachLetterPage(client, io, 'replay', async ({ partition, letters }) => {
    const mine = letters.filter(({ letterOffset }) => wanted.has(place(partition, letterOffset)));
    for (const batch of inBatches(mine)) {
      io.signal.throwIfAborted();
      const messages = batch.map((letter) => ({
        key: asBuffer(letter.key),
        value: asBuffer(letter.value),
        partition: partitionOf(Buffer.from(userOf(codec, letter)), partitionCount),
      }));
      await writer.write(topics.ratings, messages, (offsets) => ({
        topic: topics.deadLetters,
        messages: batch.map((letter, i): Message => {
          const receipt = { digest: digestOf(letter), partition: messages[i]?.partition ?? 0, offset: offsets[i] ?? 0 };
          return { key: receiptKey(receipt), value: null, partition };
        }),
      }));
      replayed += batch.length;
    }
  });
  return replayed;
}

function* inBatches(letters: readonly StoredLetter[]): Generator<readonly StoredLetter[]> {
  let batch: StoredLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const size = 60 + (letter.key?.length ?? 0) + (letter.value?.length ?? 0);
    if (batch.length > 0 && (batch.length >= batchLetters || bytes + size > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(letter);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

const asBuffer = (bytes: Uint8Array | null): Buffer | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
