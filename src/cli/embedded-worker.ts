/** The composition of a worker on the embedded transport: what `run`, `demo` and tests start and stop. */
import type { CodecOptions } from '../adapters/avro/codec.ts';
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { createTelemetry, type PrometheusTelemetry } from '../adapters/telemetry/telemetry.ts';
import { plainKernel } from '../kernel/plain.ts';
import type { LearnerSettings } from '../model/settings.ts';
import type { Codec } from '../ports/codec.ts';
import type { Log } from '../ports/log.ts';
import { ServingWorker } from '../stream/serve.ts';
import { statsOf } from '../stream/stats.ts';
import { refuseOtherSettings, storedSettingsOf } from '../stream/stored-settings.ts';
import { Worker } from '../stream/worker.ts';
import { settingsIn } from './stored-settings.ts';

export interface EmbeddedWorkerOptions {
  readonly settings: LearnerSettings;
  readonly scale: CodecOptions['scale'];
  readonly codec: Codec;
  readonly log: Log;
  readonly checkpointEvents: number;
  readonly checkpointMs: number;
  readonly maxUsers: number;
  readonly maxItems: number;
}

export interface EmbeddedWorker {
  readonly worker: Worker;
  readonly serving: ServingWorker;
  readonly telemetry: PrometheusTelemetry;
  /** Rejects when the worker cannot go on; never resolves by itself. */
  readonly failed: Promise<never>;
  /** Last checkpoint, then everything is given back. Idempotent. */
  readonly stop: () => Promise<void>;
}

/**
 * Restores every partition of the store, then works. Throws UsageError, before anything is delivered, when the store was
 * learned with another scale or other settings. The store stays the caller's to close.
 */
export async function startEmbeddedWorker(
  store: EmbeddedStore,
  options: EmbeddedWorkerOptions,
): Promise<EmbeddedWorker> {
  const learned = settingsIn(store);
  if (learned !== undefined) refuseOtherSettings(learned, storedSettingsOf(options));
  const telemetry = createTelemetry({ ratingsLog: store });
  let reject: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, fail) => {
    reject = fail;
  });
  // Whoever waits for it sees the failure; nobody waiting is no reason for the process to end.
  failed.catch(() => undefined);
  const member = store.member({ onFatal: (error) => reject(error) });
  const worker = new Worker({
    ...options,
    kernel: plainKernel,
    clock: systemClock,
    telemetry,
    topic: 'ratings',
    partitionCount: store.partitionCount,
    feed: member.items,
    onFatal: (error) => reject(error),
  });
  const serving = new ServingWorker(worker, plainKernel, store.partitionCount, () => systemClock.nowMs());
  telemetry.attach({ source: statsOf(worker) });
  await member.start(worker);
  let stopped: Promise<void> | undefined;
  return {
    worker,
    serving,
    telemetry,
    failed,
    stop: () => (stopped ??= member.stop().finally(() => worker.stop())),
  };
}
