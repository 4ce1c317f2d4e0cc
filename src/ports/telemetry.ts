/** What can be seen of a running worker. Implementation: adapters/telemetry (Prometheus); docs/metrics.md lists it all. */
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { ModelOutcome, ModelVersion, TrainingProgress } from './models.ts';

/** Error of one expert, or of the published blend, on the events so far. Prequential: predicted before learned. NaN before any. */
export interface ExpertError {
  readonly expert: string;
  readonly rmseTotal: number;
  readonly maeTotal: number;
  /** Over the last 10,000 events. */
  readonly rmseWindow: number;
  readonly maeWindow: number;
}

/** A snapshot, read when somebody asks: the hot path only counts. */
export interface WorkerStats {
  readonly partitions: readonly PartitionStats[];
  readonly experts: readonly ExpertError[];
  readonly userRows: number;
  readonly itemRows: number;
  readonly usersEvicted: number;
  readonly itemsEvicted: number;
  /** Share of the last 10,000 ratings inside their 80 % interval. */
  readonly intervalCoverageRatio: number;
  /** Since all that other workers' tasks had contributed to items was here for the last time; null when nothing is followed. */
  readonly followLagMs: number | null;
}

export interface PartitionStats {
  readonly partition: number;
  readonly eventsApplied: number;
  readonly eventsSkipped: number;
  readonly predictions: number;
  readonly requestsAnswered: number;
  /** Made durable. */
  readonly recommendations: number;
  /** Users whose recommendations are due. */
  readonly recommendationsPending: number;
  /** By rejection code. */
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly appliedOffset: number;
  readonly committedOffset: number;
  /** In force: 0 fast, 1 balanced, 2 full. */
  readonly effort: number;
  /** From the rating's own time to its prediction, for the last event. */
  readonly eventTimeLagMs: number;
  /** How long the partition has been waiting for a schema that the registry does not tell; 0 when it does not wait. */
  readonly schemaWaitMs: number;
}

/** One network that answers, as far as it was seen. */
export interface NetworkStats {
  readonly kind: NetworkKind;
  readonly role: 'serving' | 'shadow';
  readonly version: ModelVersion;
  /** Since it took its place, in this worker. */
  readonly ratings: number;
  /** On the inner 1..5 scale; NaN before any. */
  readonly rmse: number;
  /** Since it was trained; null for what does not serve. */
  readonly ageMs: number | null;
  /** How much of its distance from the answer without networks was published lately, on average; null for what does not serve, and before any rating. */
  readonly weight: number | null;
}

export interface StatsSource {
  stats(): WorkerStats;
}

export type CheckpointOutcome = 'committed' | 'failed' | 'fenced';

export interface Telemetry {
  checkpoint(
    partition: number,
    outcome: CheckpointOutcome,
    durationMs: number,
    sizeBytes: number,
    records: number,
  ): void;
  restored(partition: number, durationMs: number, records: number): void;
}

/** What becomes of networks, and of their trainings. */
export interface ModelTelemetry {
  modelEvent(kind: NetworkKind, outcome: ModelOutcome): void;
  /** Null when none is under way any more. */
  training(kind: NetworkKind, progress: TrainingProgress | null): void;
  /** A task has got other networks than it had. */
  swapped(): void;
}
