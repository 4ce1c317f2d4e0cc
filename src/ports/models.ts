/**
 * Where trained networks live: their artifacts by version, and one record a kind that says which version serves, which
 * one is tried, and what became of the others. Implementations: adapters/embedded (a data folder, or memory) and
 * adapters/kafka (a compacted topic). Every implementation passes test/contracts/model-store.contract.ts.
 */
import type { NetworkKind } from '../model/networks/kinds.ts';

/** Names one training of one kind; sorts by time. */
export type ModelVersion = string;

/**
 * What can become of a version, or of the attempt to make one:
 * - `trained`: its artifact is stored;
 * - `kept`: it was not good enough, and what served goes on;
 * - `shadowing`: it predicts beside what serves, to be judged;
 * - `promoted`: it serves;
 * - `rolled-back`: what served before it serves again;
 * - `failed`: nothing came of it.
 */
export type ModelOutcome = 'trained' | 'kept' | 'shadowing' | 'promoted' | 'rolled-back' | 'failed';

export interface ModelEvent {
  readonly atMs: number;
  readonly outcome: ModelOutcome;
  /** Null for a training that failed before there was one. */
  readonly version: ModelVersion | null;
  readonly reason: string;
}

/** Of the held-out tail, in the inner 1..5 scale. */
export interface HeldOutErrors {
  readonly ratings: number;
  readonly rmse: number;
  /** Of what served then, or of the biases of the window when nothing did, on the same ratings. */
  readonly againstRmse: number;
  /** Null for the biases. */
  readonly against: ModelVersion | null;
}

/** What is kept of a version beside its artifact. */
export interface VersionNote {
  readonly version: ModelVersion;
  readonly trainedAtMs: number;
  readonly sizeBytes: number;
  /** Ratings it was trained on. */
  readonly ratings: number;
  readonly epochs: number;
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  readonly backend: string;
  readonly heldOut: HeldOutErrors;
}

/** A training under way. Whoever claimed it last alone may store what comes of it. */
export interface TrainingClaim {
  readonly version: ModelVersion;
  /** Names the process. */
  readonly trainer: string;
  readonly startedAtMs: number;
  /** Refreshed while it lives; a claim that is not is nobody's. */
  readonly aliveAtMs: number;
  readonly progress: TrainingProgress;
}

export interface TrainingProgress {
  readonly stage: 'reading' | 'training' | 'judging';
  /** From 1; 0 before. */
  readonly epoch: number;
  /** The most there will be; 0 while that is not known. */
  readonly epochs: number;
  /** Null while there is none, as with the others. */
  readonly loss: number | null;
  readonly heldOutRmse: number | null;
  readonly examplesPerSecond: number | null;
  readonly leftSeconds: number | null;
}

export interface ModelRecord {
  readonly kind: NetworkKind;
  /** Goes up by one with every change. */
  readonly revision: number;
  readonly serving: ModelVersion | null;
  /** Predicts beside the serving version and is judged against it: a candidate, or the one that served before. */
  readonly shadow: { readonly version: ModelVersion; readonly as: 'candidate' | 'former' } | null;
  /** What a roll-back brings back. */
  readonly former: ModelVersion | null;
  readonly training: TrainingClaim | null;
  /** Somebody asked for a training that has not begun yet. */
  readonly request: { readonly atMs: number; readonly reason: string } | null;
  /** Ratings that the log had ever held when the last training ended, whatever came of it. */
  readonly trainedUpTo: number;
  /** How long that training took. */
  readonly trainedSeconds: number;
  readonly trainedAtMs: number;
  /** Those whose artifacts are kept, latest last. */
  readonly versions: readonly VersionNote[];
  /** The latest ones, latest last. */
  readonly events: readonly ModelEvent[];
}

export interface ModelReader {
  /** The record as it is now; null for a kind of which nothing was ever said. */
  record(kind: NetworkKind): Promise<ModelRecord | null>;
  /**
   * The bytes that were put, whole; undefined when there is no such version, or not all of it. Throws CorruptStateError
   * when they are not what was put.
   */
  artifact(kind: NetworkKind, version: ModelVersion): Promise<Uint8Array | undefined>;
  /** All whole ones, in order. */
  versions(kind: NetworkKind): Promise<readonly ModelVersion[]>;
}

export interface ModelStore extends ModelReader {
  /**
   * Stores the artifact. Laws: no reader sees the version before all of it is durable, whenever the process
   * dies; putting a version again replaces it. Throws StorageFullError when there is no room.
   */
  put(kind: NetworkKind, version: ModelVersion, artifact: Uint8Array): Promise<void>;
  /**
   * Replaces the record by what `change` makes of it, unless that is null; resolves with the record as it is then. Laws:
   * no change is lost, whoever else changes it at the same time (`change` may be called again, with a later record); the
   * store gives the revisions, from 1 and without gaps.
   */
  update(kind: NetworkKind, change: (record: ModelRecord | null) => ModelRecord | null): Promise<ModelRecord | null>;
  /** Drops every artifact of the kind but these, and what is left of those that were never whole. */
  prune(kind: NetworkKind, keep: ReadonlySet<ModelVersion>): Promise<void>;
  /** Calls the listener after a record changed, whoever changed it; returns how to stop. */
  watch(listener: (kind: NetworkKind) => void): () => void;
}
