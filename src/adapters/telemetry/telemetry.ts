/** What can be seen of a worker, as Prometheus text. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { CheckpointOutcome, ModelTelemetry, NetworkStats, StatsSource, Telemetry } from '../../ports/telemetry.ts';
import type { RatingsLog } from '../../ports/transport.ts';
import { createInstruments } from './instruments.ts';
import { createModelMetrics } from './model-metrics.ts';
import { monotonic } from './monotonic.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

const checkpointOutcomes: readonly CheckpointOutcome[] = ['committed', 'failed', 'fenced'];

/** What is asked when somebody looks. */
export interface TelemetrySources {
  readonly source?: StatsSource;
  readonly ratingsLog?: Pick<RatingsLog, 'backlog'>;
  /** Ratings behind the group's committed offset, by partition; on Kafka. */
  readonly lag?: () => ReadonlyMap<number, number>;
  readonly registry?: { readonly unansweredCount: number };
  readonly networks?: () => readonly NetworkStats[];
  /** Records read so far to bring rows into memory. */
  readonly restoreReads?: () => { readonly fromDisk: number; readonly fromChangelog: number };
}

export interface PrometheusTelemetry extends Telemetry, ModelTelemetry {
  /** Sources that exist only after the telemetry: the worker is made with it. Replaces those of the same name. */
  attach(sources: TelemetrySources): void;
  /** A changelog of a partition is read so far, 0 to 1; what is restored shows no more. */
  restoring(partition: number, topic: string, doneRatio: number): void;
  /** The group has assigned partitions anew. */
  rebalanced(): void;
  /** One answered HTTP request; the duration is null for a stream. */
  httpRequest(method: string, route: string, status: number, durationMs: number | null): void;
  /** One read that was passed on to another worker, by what came of it. */
  httpForwarded(outcome: string, durationMs: number): void;
  /** One consistent snapshot of everything, in the Prometheus text format 0.0.4. */
  metricsText(): Promise<string>;
}

/** Metrics have a registry of their own, so several telemetries live side by side. */
export function createTelemetry(initial: TelemetrySources = {}): PrometheusTelemetry {
  const registry = new Registry();
  const instruments = createInstruments(registry);
  const showWorker = createWorkerMetrics(instruments);
  const models = createModelMetrics(instruments);
  let sources = initial;
  /** Topics of the partitions that are being restored. */
  const restoring = new Map<number, Set<string>>();
  // prom-client starts a gauge without labels at 0, and a coverage of 0 would be an alarm about nothing.
  instruments.intervalCoverage.remove();
  instruments.backlog.remove();
  instruments.itemFollowLag.remove();
  const raiseUnanswered = monotonic(instruments.registryUnanswered);
  const raiseReads = monotonic(instruments.restoreReads);

  function showSources({ source, ratingsLog, lag, registry: schemas, restoreReads, networks }: TelemetrySources): void {
    const stats = source?.stats();
    if (stats !== undefined) showWorker(stats);
    if (ratingsLog !== undefined) instruments.backlog.set(ratingsLog.backlog());
    if (schemas !== undefined) raiseUnanswered({}, schemas.unansweredCount);
    if (restoreReads !== undefined) {
      const { fromDisk, fromChangelog } = restoreReads();
      raiseReads({ source: 'disk' }, fromDisk);
      raiseReads({ source: 'changelog' }, fromChangelog);
    }
    if (networks !== undefined) models.show(networks());
    // Whoever holds a partition tells its lag: the sum over all workers is the group's.
    instruments.consumerLag.reset();
    const byPartition = lag?.();
    for (const { partition } of stats?.partitions ?? []) {
      const ratings = byPartition?.get(partition);
      if (ratings !== undefined) instruments.consumerLag.set({ partition }, ratings);
    }
  }

  function forgetProgress(partition: number): void {
    for (const topic of restoring.get(partition) ?? []) instruments.restoreProgress.remove({ partition, topic });
    restoring.delete(partition);
  }

  collectDefaultMetrics({ register: registry });

  return {
    attach(more) {
      sources = { ...sources, ...more };
    },
    checkpoint(partition, outcome, durationMs, sizeBytes, records) {
      instruments.checkpoints.inc({ partition, outcome });
      instruments.checkpointDuration.observe({ outcome }, durationMs / 1000);
      if (outcome !== 'committed') return;
      instruments.checkpointSize.observe(sizeBytes);
      instruments.checkpointRecords.inc({ partition }, records);
    },
    restored(partition, durationMs, records) {
      // From 0 on: a counter that appears with its first event hides that event from rate() and increase().
      for (const outcome of checkpointOutcomes) instruments.checkpoints.inc({ partition, outcome }, 0);
      instruments.restoreDuration.observe(durationMs / 1000);
      instruments.restoredRecords.inc({ partition }, records);
      forgetProgress(partition);
    },
    restoring(partition, topic, doneRatio) {
      restoring.set(partition, (restoring.get(partition) ?? new Set()).add(topic));
      instruments.restoreProgress.set({ partition, topic }, doneRatio);
    },
    modelEvent: (kind, outcome) => models.modelEvent(kind, outcome),
    training: (kind, progress) => models.training(kind, progress),
    swapped: () => models.swapped(),
    rebalanced() {
      instruments.rebalances.inc();
      // A restore that goes on shows itself again.
      for (const partition of [...restoring.keys()]) forgetProgress(partition);
    },
    httpRequest(method, route, status, durationMs) {
      instruments.httpRequests.inc({ method, route, status });
      if (durationMs !== null) instruments.httpRequestDuration.observe({ method, route }, durationMs / 1000);
    },
    httpForwarded(outcome, durationMs) {
      instruments.httpForwarded.inc({ outcome });
      instruments.httpForwardDuration.observe({ outcome }, durationMs / 1000);
    },
    async metricsText() {
      showSources(sources);
      return registry.metrics();
    },
  };
}
