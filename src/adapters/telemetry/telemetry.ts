/** What can be seen of a worker, as Prometheus text. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { StatsSource, Telemetry } from '../../ports/telemetry.ts';
import type { RatingsLog } from '../../ports/transport.ts';
import { createInstruments } from './instruments.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

/** What is asked when somebody looks. */
export interface TelemetrySources {
  readonly source?: StatsSource;
  readonly ratingsLog?: Pick<RatingsLog, 'backlog'>;
}

export interface PrometheusTelemetry extends Telemetry {
  /** Sources that exist only after the telemetry: the worker is made with it. Replaces those of the same name. */
  attach(sources: TelemetrySources): void;
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
  let sources = initial;
  // prom-client starts a gauge without labels at 0, and a coverage of 0 would be an alarm about nothing.
  instruments.intervalCoverage.remove();
  instruments.backlog.remove();
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
      instruments.restoreDuration.observe(durationMs / 1000);
      instruments.restoredRecords.inc({ partition }, records);
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
      if (sources.source !== undefined) showWorker(sources.source.stats());
      if (sources.ratingsLog !== undefined) instruments.backlog.set(sources.ratingsLog.backlog());
      return registry.metrics();
    },
  };
}
