/**
 * The transport: where rating records come from, and where everything a checkpoint holds becomes durable at once.
 * Implementations: adapters/embedded (a folder on disk, or memory) and, later, adapters/kafka.
 * Every implementation passes test/contracts/transport.contract.ts.
 */

/**
 * Position of a record in its partition, from 0. A plain number: exact up to 2^53, and, unlike bigint, free on the hot
 * path (docs/decisions/0002-offsets-are-numbers.md).
 */
export type Offset = number;

/** One record of the ratings topic. The bytes may be views into a larger buffer: copy what you keep. */
export interface InputRecord {
  readonly offset: Offset;
  readonly key: Uint8Array | null;
  /** null is a tombstone: forget the user whose id is the key. */
  readonly value: Uint8Array | null;
}

/** A record to append to an output topic. */
export interface OutputRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** One compacted key of a task's state. Null deletes the key. */
export interface StateChange {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** What one task did to one item: its whole contribution so far, and what was added since its last checkpoint. */
export interface ItemChange {
  readonly itemId: string;
  /** Encoded contribution (schemas/item-contribution.avsc); null deletes it. */
  readonly afterImage: Uint8Array | null;
  /**
   * Same encoding; what other workers add to what they hold. Empty where there is one partition, which nobody follows, and
   * where the after-image takes the place of what they hold.
   */
  readonly delta: Uint8Array;
}

/** Everything that becomes durable together (docs/architecture.md, "One checkpoint"). */
export interface Checkpoint {
  /** The next offset of the ratings partition to process. */
  readonly nextOffset: Offset;
  /** The next request to answer; null when none was answered since the last checkpoint. */
  readonly nextRequest: Offset | null;
  readonly state: readonly StateChange[];
  readonly items: readonly ItemChange[];
  readonly predictions: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
  /** One for each tombstone of a user. */
  readonly receipts: readonly OutputRecord[];
  /** The latest of a user replaces the former ones; null takes them away. */
  readonly recommendations: readonly OutputRecord[];
  /** One for each request. */
  readonly answers: readonly OutputRecord[];
}

/** Receives what a task had committed, in any order, each key once. */
export interface RestoreVisitor {
  state(key: string, value: Uint8Array): void;
  /** An after-image of this task's own contribution. */
  item(itemId: string, afterImage: Uint8Array): void;
}

/**
 * The right to process one partition. Laws:
 * - opening a lease fences every earlier lease of the partition: their commits fail with FencedError and leave no trace;
 * - a commit appears whole or not at all, for readers and after a crash at any point;
 * - what `restore`, `readState` and `committedOffset` say is exactly what the last successful commit made durable.
 */
export interface PartitionLease {
  readonly partition: number;
  committedOffset(): Promise<Offset>;
  /** The same for requests; null where none was ever answered, and where requests come another way. */
  committedRequest(): Promise<Offset | null>;
  /** Visits everything the task has committed. */
  restore(visitor: RestoreVisitor): Promise<void>;
  /** One key of the committed state, for rows that were evicted from memory. Synchronous: it is on the hot path. */
  readState(key: string): Uint8Array | undefined;
  /** Own committed contribution to an item that was evicted from memory. */
  readItem(itemId: string): Uint8Array | undefined;
  /**
   * Throws CommitFailedError (nothing is visible, or the outcome is unknown: recover), StorageFullError (nothing is
   * visible, and nothing will be until there is room) or FencedError (drop the task). The bytes must not change before.
   */
  commit(checkpoint: Checkpoint): Promise<void>;
  /**
   * After a failed commit: fences the former self, and tells the offset that is truly committed. What was delivered beyond
   * it is delivered again. A commit still under way throws FencedError, whether or not it was written, unless its answer
   * came first.
   */
  recover(): Promise<Offset>;
}

/** What the flow does when the transport assigns and delivers. Calls for one partition never overlap. */
export interface TransportListener {
  /** A partition is ours. Restore, then return: delivery starts at the committed offset. */
  assigned(lease: PartitionLease): Promise<void>;
  /**
   * Records in offset order, offsets ascending with possible gaps. Returns the next offset wanted: normally one past the last record; an
   * earlier one after a failed commit, and the transport delivers again from there.
   */
  records(partition: number, records: readonly InputRecord[]): Promise<Offset>;
  /** The same for requests, where the transport has a topic of them. */
  requests(partition: number, records: readonly InputRecord[]): Promise<Offset>;
  /** The partition goes away; a last commit is still allowed. */
  revoked(partition: number): Promise<void>;
  /** The partition is already someone else's: drop it, commit nothing. */
  lost(partition: number): Promise<void>;
}

/** Other tasks' item changes as they are committed. Laws: each change once, in commit order per partition. */
export interface ItemFollower {
  /** A committed contribution as a whole: at the start of following, and of a change without delta (no bytes). */
  contribution(partition: number, itemId: string, afterImage: Uint8Array): void;
  /** What a commit since then added to it. */
  delta(partition: number, itemId: string, delta: Uint8Array): void;
}

export interface Transport {
  /** Number of partitions of the ratings topic. */
  readonly partitionCount: number;
  start(listener: TransportListener): Promise<void>;
  /** Stops delivering, lets the listener commit through `revoked`, gives partitions back. Idempotent. */
  stop(): Promise<void>;
}

/** Reads item contributions that this worker's tasks do not own. */
export interface ItemFeed {
  /** Committed contribution of a partition's task to one item, for items that were evicted from memory. */
  read(partition: number, itemId: string): Uint8Array | undefined;
  /** Brings the follower up to the present end of every partition for which `wanted` is true. */
  follow(follower: ItemFollower, wanted: (partition: number) => boolean): Promise<void>;
  /** Forgets what was followed of a partition: should it be wanted again, it starts over from its contributions. */
  unfollow(partition: number): void;
}

/** Appends ratings to the log: what the HTTP intake and `freshet replay` write to. */
export interface RatingsLog {
  /** Resolves with the first offset once the records are durable: all of them or none. Rejects with OverloadedError when the backlog is full. */
  append(partition: number, records: readonly OutputRecord[]): Promise<Offset>;
  /** Records appended but not yet processed and committed, over all partitions. */
  backlog(): number;
}

/** Reads an output or input topic from an offset; for inspect, streams of predictions and tests. */
export type TopicName = 'ratings' | 'predictions' | 'dead-letters' | 'receipts' | 'recommendations';
export interface TopicReader {
  /** At most `limit` records of a partition from `from` on. */
  read(topic: TopicName, partition: number, from: Offset, limit: number): readonly InputRecord[];
  /** One past the last committed record. */
  end(topic: TopicName, partition: number): Offset;
  /** Calls the listener after records were added to a partition of the topic; returns how to stop. */
  onAppend(topic: TopicName, listener: (partition: number) => void): () => void;
}
