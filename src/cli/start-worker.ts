/** A worker over any transport: what `run`, `demo`, the operator's commands and tests start and stop. */
import type { CodecOptions } from '../adapters/avro/codec.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { createTelemetry, type PrometheusTelemetry } from '../adapters/telemetry/telemetry.ts';
import { createKernel, type KernelChoice } from '../kernel/choose.ts';
import { decodingSteps } from '../model/networks/artifact.ts';
import { networkSteps } from '../model/networks/serving.ts';
import { unitsPerInner } from '../model/scale.ts';
import type { LearnerSettings } from '../model/settings.ts';
import type { Codec } from '../ports/codec.ts';
import type { Log } from '../ports/log.ts';
import type { ModelStore } from '../ports/models.ts';
import type { SchemaSource } from '../ports/schema-source.ts';
import type { NetworkStats, StatsSource } from '../ports/telemetry.ts';
import type { ItemFeed, RatingsLog, Transport, TransportListener } from '../ports/transport.ts';
import { inSlices } from '../stream/in-slices.ts';
import { announceModels } from '../stream/announce-models.ts';
import { ServingWorker } from '../stream/serve.ts';
import { statsOf } from '../stream/stats.ts';
import { Worker } from '../stream/worker.ts';

export interface WorkerOptions {
  readonly settings: LearnerSettings;
  readonly effortFollowsLoad?: boolean;
  /** Left out: `auto`. */
  readonly kernel?: KernelChoice;
  readonly scale: CodecOptions['scale'];
  readonly codec: Codec;
  readonly log: Log;
  readonly checkpointEvents: number;
  readonly checkpointMs: number;
  /** See stream/worker.ts. */
  readonly isEager?: boolean;
  readonly maxUsers: number;
  readonly maxItems: number;
  /** Items recommended on a topic to each user whose rows changed; none when not given. */
  readonly recommendations?: number;
}

/** What a transport brings to a worker. */
export interface WorkerParts {
  /** Where the networks are. */
  readonly models: ModelStore;
  readonly transport: Transport;
  readonly feed: ItemFeed;
  /** Name of the ratings topic. */
  readonly topic: string;
  /** Name of the requests topic, where there is one. */
  readonly requestsTopic?: string;
  readonly ratingsLog: Pick<RatingsLog, 'backlog'>;
  /** Ratings in the log that wait for this worker, and not for another. */
  readonly waiting: () => number;
  readonly failure: Failure;
  /** The partitions that this worker is to hold; null while that is not known. It is ready once it holds them. */
  readonly ours: () => readonly number[] | null;
  readonly schemas?: SchemaSource;
  /** What stands between the transport and the worker. */
  readonly wrap?: (worker: TransportListener) => TransportListener;
}

/** A failure that whoever runs the worker waits for. */
export interface Failure {
  /** Rejects when the worker cannot go on; never resolves. */
  readonly failed: Promise<never>;
  readonly fail: (error: unknown) => void;
}

export function createFailure(): Failure {
  let reject: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  // Whoever waits for it sees the failure; nobody waiting is no reason for the process to end.
  failed.catch(() => undefined);
  return { failed, fail: (error) => reject(error) };
}

export interface RunningWorker {
  readonly worker: Worker;
  readonly serving: ServingWorker;
  readonly telemetry: PrometheusTelemetry;
  readonly stats: StatsSource;
  /** With errors in the user's scale. */
  readonly networkStats: () => NetworkStats[];
  readonly failed: Promise<never>;
  /** Last checkpoint, then everything is given back. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** Not at work yet: it can be asked, and says that it is not ready. */
export interface PreparedWorker extends RunningWorker {
  /** Resolves once the partitions that are to be held at first are restored. Call `stop` when it fails, too. */
  readonly begin: () => Promise<void>;
}

export function prepareWorker(parts: WorkerParts, options: WorkerOptions): PreparedWorker {
  const { transport, feed, topic, ratingsLog, waiting, failure, ours, schemas, wrap, requestsTopic, models } = parts;
  const { partitionCount } = transport;
  const telemetry = createTelemetry({ ratingsLog });
  const kernel = createKernel(options.kernel);
  const worker = new Worker({
    ...options,
    kernel,
    clock: systemClock,
    telemetry,
    topic,
    partitionCount,
    waiting,
    feed,
    networks: {
      store: models,
      async networkOf(artifact) {
        const isNeeded = (): boolean => worker.tasks.size > 0;
        const decoded = await inSlices(decodingSteps(artifact), systemClock, isNeeded);
        return inSlices(networkSteps(decoded, kernel), systemClock, isNeeded);
      },
      telemetry,
    },
    ...(schemas === undefined ? {} : { schemas }),
    ...(requestsTopic === undefined ? {} : { requestsTopic }),
    onFatal: failure.fail,
  });
  const serving = new ServingWorker(worker, partitionCount, () => systemClock.nowMs(), ours);
  const stats = statsOf(worker);
  telemetry.attach({ source: stats, networks: () => worker.networkStats() });
  const units = unitsPerInner(options.scale);
  let silence: (() => Promise<void>) | undefined;
  let stopped: Promise<void> | undefined;
  return {
    worker,
    serving,
    telemetry,
    stats,
    networkStats: () => worker.networkStats().map((network) => ({ ...network, rmse: network.rmse * units })),
    failed: failure.failed,
    async begin() {
      silence = await announceModels(models, options.log, telemetry);
      await worker.startNetworks();
      await transport.start(wrap === undefined ? worker : wrap(worker));
    },
    stop() {
      worker.leave();
      return (stopped ??= transport
        .stop()
        .finally(() => worker.stop())
        .finally(() => silence?.()));
    },
  };
}
