/**
 * The table of models in a compacted topic, all of it in partition 0. Whoever has it open follows the topic and holds
 * records and heads; pieces of artifacts are read when somebody wants them.
 *
 * A value is replaced under a transactional id that all have in common: taking it fences whoever had it before, and ends
 * what that one had under way. So between reading the last value and committing the next one nobody else can have written,
 * or the commit fails and all of it is done again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Log } from '../../ports/log.ts';
import type { ModelTable } from '../../ports/model-table.ts';
import type { Offset, StateChange } from '../../ports/transport.ts';
import { openBulkWriter, type BulkWriter } from './bulk-writer.ts';
import { parseChangelogKey } from './changelog.ts';
import { brokerErrorType, isFencing, messageOf } from './kafka-error.ts';
import { addPartitionsToTxn, endTxn } from './kafkajs-internals.ts';
import type { PartitionReader, ReadRecord } from './partition-reader.ts';
import { openSession, type ProducerSession } from './producer-session.ts';
import { RecordBatchWriter } from './record-batch-writer.ts';

export interface KafkaModelTableOptions {
  readonly kafka: Kafka;
  /** Stays the caller's to close, after the table. */
  readonly reader: PartitionReader;
  readonly topic: string;
  /** Of the application; the transactional id is made of it. */
  readonly app: string;
  readonly log: Log;
  /** How often it is looked for changes of others; 1 s when not given. */
  readonly everyMs?: number;
}

export interface KafkaModelTable extends ModelTable {
  close(): Promise<void>;
}

const partition = 0;
const transactionTimeoutMs = 10_000;
const longestPauseMs = 200;
/** Others may change it as often as they like, but not without an end. */
const mostTries = 100;

/** KIND/VERSION/N, see adapters/models. */
const isPiece = (key: string): boolean => key.split('/').length === 3;
const headOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** Thrown through the reader, which has no other way to stop. */
class Enough extends Error {}

export function openKafkaModelTable(options: KafkaModelTableOptions): KafkaModelTable {
  const { kafka, reader, topic, app, log, everyMs = 1000 } = options;
  /** Records and heads. */
  const values = new Map<string, Uint8Array>();
  const pieceOffsets = new Map<string, Offset>();
  /** Pieces that came with one that was asked for. */
  const readAhead = new Map<string, Uint8Array>();
  const listeners = new Set<(key: string) => void>();
  const stopping = new AbortController();
  let position: Offset | null = null;
  let following: Promise<void> = Promise.resolve();
  let updating: Promise<unknown> = Promise.resolve();
  let session: ProducerSession | null = null;
  let writer: BulkWriter | null = null;
  /** Of the last change that was written: readers see it once it is committed. */
  let writtenOffset: Offset | null = null;
  let isWrittenThere = false;

  const hasLanded = (): boolean => isWrittenThere;

  function take({ key: bytes, value, offset }: ReadRecord, changed: Set<string>): void {
    const key = parseChangelogKey(bytes, topic, offset);
    if (isPiece(key)) {
      readAhead.delete(key);
      if (value === null) pieceOffsets.delete(key);
      else pieceOffsets.set(key, offset);
    } else if (value === null) values.delete(key);
    else values.set(key, Uint8Array.from(value));
    if (!key.includes('/')) changed.add(key);
    if (offset === writtenOffset) isWrittenThere = true;
  }

  async function followNow(): Promise<void> {
    const from: Offset = position ?? (await reader.bounds(topic, partition)).start;
    const changed = new Set<string>();
    position = await reader.readToEnd(topic, partition, from, (record) => take(record, changed));
    for (const key of changed) for (const listener of listeners) listener(key);
  }

  /** Everything that was committed before the call is known afterwards. */
  function follow(): Promise<void> {
    const turn = following.then(followNow);
    following = turn.catch(() => undefined);
    return turn;
  }

  async function readPiece(key: string): Promise<Uint8Array | undefined> {
    const from = pieceOffsets.get(key);
    if (from === undefined) return undefined;
    if (!readAhead.has(key)) await readPieces(headOf(key), from);
    const piece = readAhead.get(key);
    readAhead.delete(key);
    return piece;
  }

  /** The pieces of one artifact follow on each other: those behind the first are wanted next. */
  async function readPieces(head: string, from: Offset): Promise<void> {
    const wanted = new Map([...pieceOffsets].filter(([key, offset]) => key.startsWith(head) && offset >= from));
    readAhead.clear();
    try {
      await reader.readToEnd(topic, partition, from, ({ key: bytes, value, offset }) => {
        const key = parseChangelogKey(bytes, topic, offset);
        if (wanted.get(key) === offset && value !== null) readAhead.set(key, Uint8Array.from(value));
        if (readAhead.size === wanted.size) throw new Enough();
      });
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
  }

  async function write(changes: readonly StateChange[]): Promise<void> {
    writer ??= openBulkWriter({ kafka, topic });
    for (const { key, value } of changes) writer.add(partition, Buffer.from(key), value);
    try {
      await writer.flush();
    } catch (error) {
      const former = writer;
      writer = null;
      await former.close().catch(() => undefined);
      throw error;
    }
  }

  async function commit(key: string, value: Uint8Array): Promise<void> {
    if (session === null) throw new Error('no session');
    const transactionalId = transactionalIdOf(app);
    const { producerId, producerEpoch } = session;
    const self = { transactionalId, producerId, producerEpoch };
    const batch = new RecordBatchWriter();
    batch.add(key, value);
    await session.ask(
      'transaction',
      transactionalId,
      addPartitionsToTxn({ ...self, topics: [{ topic, partitions: [partition] }] }),
    );
    const ends = await session.write([{ topic, batch }]);
    writtenOffset = (ends.get(topic) ?? 0) - 1;
    await session.ask('transaction', transactionalId, endTxn({ ...self, transactionResult: true }));
    // A commit is durable before readers see it: its marker is still to be written.
    for (;;) {
      await follow();
      if (hasLanded() || stopping.signal.aborted) return;
      await delay(2);
    }
  }

  async function updateNow(key: string, change: (value: Uint8Array | undefined) => Uint8Array | null) {
    let attempted: Uint8Array | null = null;
    for (let tries = 1; ; tries++) {
      try {
        session ??= await openSession({
          kafka,
          partition,
          transactionalId: transactionalIdOf(app),
          transactionTimeoutMs,
        });
        await follow();
        // Of the last try the outcome was unknown: opening the session has ended it, one way or the other.
        if (attempted !== null && hasLanded()) return attempted;
        attempted = null;
        const next = change(values.get(key));
        if (next === null) return values.get(key);
        attempted = next;
        writtenOffset = null;
        isWrittenThere = false;
        await commit(key, next);
        return next;
      } catch (error) {
        const former = session;
        session = null;
        await former?.close();
        if (!mayEndOtherwise(error) || tries === mostTries || stopping.signal.aborted) throw error;
        await delay(Math.random() * longestPauseMs);
      }
    }
  }

  async function watchTopic(): Promise<void> {
    let isWarned = false;
    for (;;) {
      const isOver = await delay(everyMs, false, { signal: stopping.signal, ref: false }).catch(() => true);
      if (isOver) return;
      if (listeners.size === 0) continue;
      await follow().then(
        () => (isWarned = false),
        (error: unknown) => {
          if (!isWarned) log.warn({ topic, reason: messageOf(error) }, 'models are not followed');
          isWarned = true;
        },
      );
    }
  }
  const watching = watchTopic();

  return {
    async read(key) {
      await follow();
      return isPiece(key) ? readPiece(key) : values.get(key);
    },
    async keys(prefix) {
      await follow();
      return [...values.keys(), ...pieceOffsets.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    write,
    update(key, change) {
      const turn = updating.then(() => updateNow(key, change));
      updating = turn.catch(() => undefined);
      return turn;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      stopping.abort();
      await Promise.allSettled([watching, updating, following]);
      await Promise.allSettled([session?.close(), writer?.close()]);
    },
  };
}

/** Fenced by another; or the broker met the other while it ended our transaction, which it calls unexpected. */
const mayEndOtherwise = (error: unknown): boolean => isFencing(error) || brokerErrorType(error) === 'UNKNOWN';

const transactionalIdOf = (app: string): string => `${app}-models`;
