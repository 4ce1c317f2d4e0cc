/** The embedded transport over an engine: ratings go in, members process them, anybody may read along. */
import { InvariantViolation, OverloadedError } from '../../errors.ts';
import type { ModelTable } from '../../ports/model-table.ts';
import type { Offset, OutputRecord, RatingsLog, StateChange, TopicName, TopicReader } from '../../ports/transport.ts';
import type { Engine, TableVisitor } from './engine.ts';
import { createItemFeeds } from './item-feeds.ts';
import { createLeases, hookedWrite, type WriteHooks } from './leases.ts';
import { createModelTable } from './model-table.ts';
import { createMember, type EmbeddedMember, type MemberOptions } from './member.ts';

export interface StoreOptions {
  /** Most records that may wait to be processed and committed; 100,000 when not given. */
  readonly maxBacklog?: number;
  readonly hooks?: WriteHooks;
}

/** What `freshet inspect` looks at. */
export interface StoredTables {
  readonly partitionCount: number;
  committedOffset(partition: number): Offset;
  readState(partition: number, key: string): Uint8Array | undefined;
  readItem(partition: number, itemId: string): Uint8Array | undefined;
  visit(partition: number, visitor: TableVisitor): Promise<unknown>;
}

/** A record that was refused: the partition of its letter, and the bytes' digest. */
export interface RefusedBytes {
  readonly letterPartition: number;
  readonly digest: string;
}

export interface EmbeddedStore extends RatingsLog, TopicReader, StoredTables {
  /** Appends a refused record to the ratings once more and remembers that it did, both or nothing. */
  retry(refused: RefusedBytes, partition: number, record: OutputRecord): Promise<Offset>;
  /** Letters of these bytes before this offset were retried; 0 when none was. */
  retriedUpTo(refused: RefusedBytes): Offset;
  /** Where the models are, for adapters/models. */
  readonly models: ModelTable;
  member(options?: MemberOptions): EmbeddedMember;
  /** Lets go of what processes that looked at the folder and died were looking at: the space may be used again. */
  forgetReaders(): void;
  /** Stop the members first: it waits for what is being written and closes the log. Idempotent. */
  close(): Promise<void>;
}

type AppendListener = (partition: number) => void;

export function createStore(engine: Engine, options: StoreOptions): EmbeddedStore {
  const maxBacklog = options.maxBacklog ?? 100_000;
  const hooks = options.hooks ?? {};
  const partitions = Array.from({ length: engine.partitionCount }, (_, partition) => partition);
  const listeners: Record<TopicName, Set<AppendListener>> = {
    ratings: new Set(),
    predictions: new Set(),
    'dead-letters': new Set(),
    receipts: new Set(),
    recommendations: new Set(),
  };
  const feeds = createItemFeeds(engine);
  const leases = createLeases({
    engine,
    feeds,
    hooks,
    committed(partition, { predictions, deadLetters, receipts, recommendations }) {
      if (predictions.length > 0) appended('predictions', partition);
      if (deadLetters.length > 0) appended('dead-letters', partition);
      if (receipts.length > 0) appended('receipts', partition);
      if (recommendations.length > 0) appended('recommendations', partition);
    },
  });
  let arriving = 0;

  function appended(topic: TopicName, partition: number): void {
    for (const listener of listeners[topic]) listener(partition);
  }

  function onAppend(topic: TopicName, listener: AppendListener): () => void {
    listeners[topic].add(listener);
    return () => listeners[topic].delete(listener);
  }

  function backlog(): number {
    return partitions.reduce(
      (sum, partition) => sum + engine.end('ratings', partition) - engine.mark(partition).committedOffset,
      arriving,
    );
  }

  async function append(
    partition: number,
    records: readonly OutputRecord[],
    models: readonly StateChange[] = [],
  ): Promise<Offset> {
    if (!partitions.includes(partition)) {
      throw new InvariantViolation(`Ratings for partition ${partition} of ${engine.partitionCount}. Please report it.`);
    }
    if (records.length === 0) return engine.end('ratings', partition);
    refuseBeyondBacklog(records.length);
    let first = -1;
    arriving += records.length;
    try {
      await hookedWrite(engine, hooks, 'append', partition, {
        appends: [{ topic: 'ratings', partition, records }],
        task: null,
        models,
        guard: () => undefined,
        durable([offset]) {
          first = offset ?? first;
          appended('ratings', partition);
        },
      });
    } finally {
      arriving -= records.length;
    }
    return first;
  }

  const retriedKey = ({ letterPartition, digest }: RefusedBytes): string => `retried/${letterPartition}/${digest}`;

  function retry(refused: RefusedBytes, partition: number, record: OutputRecord): Promise<Offset> {
    const value = Buffer.from(String(engine.end('dead-letters', refused.letterPartition)));
    return append(partition, [record], [{ key: retriedKey(refused), value }]);
  }

  /** A request larger than the limit is taken when nothing waits: it could never get in otherwise. */
  function refuseBeyondBacklog(recordCount: number): void {
    const waiting = backlog();
    if (waiting === 0 || waiting + recordCount <= maxBacklog) return;
    throw new OverloadedError(
      `${recordCount} ratings were refused: ${waiting} wait to be processed and the limit is ${maxBacklog}. Send them again later.`,
      { recordCount, waiting, maxBacklog },
    );
  }

  return {
    partitionCount: engine.partitionCount,
    models: createModelTable(engine),
    member: (memberOptions = {}) =>
      createMember({ engine, leases, feeds, onRatings: (listener) => onAppend('ratings', listener) }, memberOptions),
    append: (partition, records) => append(partition, records),
    retry,
    retriedUpTo: (refused) => Number(Buffer.from(engine.readModel(retriedKey(refused)) ?? []).toString()),
    backlog,
    onAppend,
    read: (topic, partition, from, limit) => engine.read(topic, partition, from, limit),
    end: (topic, partition) => engine.end(topic, partition),
    committedOffset: (partition) => engine.mark(partition).committedOffset,
    readState: (partition, key) => engine.readState(partition, key),
    readItem: (partition, itemId) => engine.readItem(partition, itemId),
    visit: (partition, visitor) => engine.visit(partition, visitor),
    forgetReaders: () => engine.forgetReaders?.(),
    close: () => engine.close(),
  };
}
