/**
 * What the embedded transport is built on: a place that keeps logs and tables and changes them atomically.
 * Implementations: lmdb-engine.ts (a folder) and memory-engine.ts. Leases, delivery and feeds know only this.
 */
import type { InputRecord, ItemChange, Offset, OutputRecord, StateChange, TopicName } from '../../ports/transport.ts';

/** Records for the end of one log. */
export interface Append {
  readonly topic: TopicName;
  readonly partition: number;
  readonly records: readonly OutputRecord[];
}

/** The mark that every partition carries beside its tables; it changes in the same transaction as they do. */
export interface TaskMark {
  /** Raised by every lease that is opened; a lease with an older epoch is fenced. */
  readonly epoch: number;
  readonly committedOffset: Offset;
  /** Number of commits so far: the position of the item changes. */
  readonly commitCount: number;
}

export const freshMark: TaskMark = { epoch: 0, committedOffset: 0, commitCount: 0 };

/** Changes to one partition's tables. */
export interface TaskChange {
  readonly partition: number;
  /** The epoch of a lease that is being opened; null leaves it. */
  readonly epoch: number | null;
  /** The offset that a checkpoint commits; null when this is none. */
  readonly nextOffset: Offset | null;
  readonly state: readonly StateChange[];
  readonly items: readonly ItemChange[];
}

export function changedMark(mark: TaskMark, change: TaskChange): TaskMark {
  return {
    epoch: change.epoch ?? mark.epoch,
    committedOffset: change.nextOffset ?? mark.committedOffset,
    commitCount: change.nextOffset === null ? mark.commitCount : mark.commitCount + 1,
  };
}

/** Everything in a unit becomes durable together or not at all. */
export interface WriteUnit {
  readonly appends: readonly Append[];
  readonly task: TaskChange | null;
  /** Changes to the table of models. */
  readonly models?: readonly StateChange[];
  /** Called in the turn in which the unit is written; what it throws refuses the unit, with no trace. */
  readonly guard: () => void;
  /** Called once durable, with the first offset of each append, before any later unit is written. */
  readonly durable: (firstOffsets: readonly Offset[]) => void;
}

/** Reads see what is durable and nothing else. The bytes they return are the caller's. */
export interface EngineReads {
  readonly partitionCount: number;
  end(topic: TopicName, partition: number): Offset;
  read(topic: TopicName, partition: number, from: Offset, limit: number): InputRecord[];
  mark(partition: number): TaskMark;
  readState(partition: number, key: string): Uint8Array | undefined;
  readItem(partition: number, itemId: string): Uint8Array | undefined;
  readModel(key: string): Uint8Array | undefined;
  /** Sorted. */
  modelKeys(prefix: string): string[];
  /** Visits a snapshot in slices, so that the thread is never held long; resolves with the mark of that snapshot. */
  visit(partition: number, visitor: TableVisitor): Promise<TaskMark>;
}

export interface TableVisitor {
  state?(key: string, value: Uint8Array): void;
  item?(itemId: string, afterImage: Uint8Array): void;
}

export interface Engine extends EngineReads {
  /** Units become durable in the order of the calls. Value bytes must not change until then. */
  write(unit: WriteUnit): Promise<void>;
  forgetReaders?(): void;
  /** Waits for what is being written, then lets go of the storage. Idempotent. */
  close(): Promise<void>;
}
