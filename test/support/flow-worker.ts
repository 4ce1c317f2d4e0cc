/** The real worker over the embedded transport and the Avro codec, with what a test wants to put in between. */
import { createCodec } from '../../src/adapters/avro/codec.ts';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import type { EmbeddedMember } from '../../src/adapters/embedded/member.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { defaultSettings, type LearnerSettings } from '../../src/model/settings.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Telemetry } from '../../src/ports/telemetry.ts';
import type { InputRecord, Offset, PartitionLease, TransportListener } from '../../src/ports/transport.ts';
import type { EffortSource } from '../../src/stream/effort-control.ts';
import { ServingWorker } from '../../src/stream/serve.ts';
import { Worker, type WorkerOptions } from '../../src/stream/worker.ts';
import { createTestClock, testNowMs, type TestClock } from './test-clock.ts';

export const flowScale = { lo: 0.5, hi: 5 };

/** Small rows: the flow is the same, and a schedule takes milliseconds. */
export const smallSettings: LearnerSettings = {
  ...defaultSettings,
  effort: 'full',
  k: 4,
  historyLimit: 8,
  sketchWidth: 32,
  recentRatings: 3,
  similarRatings: 2,
  replays: 3,
  replayWindow: 6,
};

/** One for all tests: it keeps no state. */
export const flowCodec = createCodec({ scale: flowScale, nowMs: () => testNowMs, ratingSchemaId: 7 });

export const unlimited = 1_000_000;
const silence = (): void => undefined;
export const silentLog: Log = { debug: silence, info: silence, warn: silence, error: silence };
const noTelemetry: Telemetry = { checkpoint: silence, restored: silence };

export interface FlowWorkerOptions {
  readonly partitions?: readonly number[];
  readonly settings?: LearnerSettings;
  readonly checkpointEvents?: number;
  readonly isEager?: boolean;
  /** The effort follows what this says. */
  readonly effortSource?: EffortSource;
  readonly maxUsers?: number;
  readonly maxItems?: number;
  readonly batchRecordCount?: number;
  readonly recommendations?: number;
  readonly recommendationDelayMs?: number;
  readonly clock?: TestClock;
  readonly telemetry?: Telemetry;
  readonly networks?: WorkerOptions['networks'];
  /** The partitions that it is to hold; all of them when not given. */
  readonly ours?: () => readonly number[] | null;
  /** What stands between the worker and its lease. */
  readonly wrapLease?: (lease: PartitionLease) => PartitionLease;
  /** Changes what the transport is told to deliver next. */
  readonly wantedNext?: (partition: number, next: Offset) => Offset;
}

export interface FlowWorker {
  readonly worker: Worker;
  readonly serving: ServingWorker;
  readonly member: EmbeddedMember;
  readonly clock: TestClock;
  /** What stopped the worker; empty while all is well. */
  readonly failures: unknown[];
  start(): Promise<void>;
  /** The worker dies; resolves when nothing of it is left in this process. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export function createFlowWorker(store: EmbeddedStore, options: FlowWorkerOptions = {}): FlowWorker {
  const failures: unknown[] = [];
  const onFatal = (error: unknown): void => void failures.push(error);
  const clock = options.clock ?? createTestClock();
  const member = store.member({
    onFatal,
    ...(options.partitions && { partitions: options.partitions }),
    ...(options.batchRecordCount !== undefined && { batchRecordCount: options.batchRecordCount }),
  });
  const worker = new Worker({
    settings: options.settings ?? smallSettings,
    scale: flowScale,
    kernel: createPlainKernel(),
    codec: flowCodec,
    clock,
    topic: 'ratings',
    partitionCount: store.partitionCount,
    recommendations: options.recommendations ?? 0,
    recommendationDelayMs: options.recommendationDelayMs ?? 0,
    maxUsers: options.maxUsers ?? unlimited,
    maxItems: options.maxItems ?? unlimited,
    feed: member.items,
    log: silentLog,
    telemetry: options.telemetry ?? noTelemetry,
    ...(options.networks && { networks: options.networks }),
    checkpointEvents: options.checkpointEvents ?? 1000,
    checkpointMs: 1000,
    isEager: options.isEager ?? false,
    ...(options.effortSource && { effortFollowsLoad: true, effortSource: options.effortSource }),
    onFatal,
  });
  const atWork = new Set<Promise<unknown>>();
  const listener = between(worker, options, atWork);
  return {
    worker,
    member,
    clock,
    failures,
    serving: new ServingWorker(
      worker,
      store.partitionCount,
      () => clock.nowMs(),
      options.ours ?? (() => Array.from({ length: store.partitionCount }, (_, partition) => partition)),
    ),
    async start() {
      await worker.startNetworks();
      await member.start(listener);
    },
    async crash() {
      member.crash();
      await worker.stop();
      await Promise.allSettled(atWork);
    },
    async stop() {
      await member.stop();
      await worker.stop();
    },
  };
}

/** What the member tells the worker, with the test's say in it; `atWork` holds the calls under way. */
function between(
  worker: Worker,
  { wrapLease, wantedNext }: FlowWorkerOptions,
  atWork: Set<Promise<unknown>>,
): TransportListener {
  const tracked = <T>(call: Promise<T>): Promise<T> => {
    atWork.add(call);
    return call.finally(() => atWork.delete(call));
  };
  return {
    assigned: (lease) => tracked(worker.assigned(wrapLease?.(lease) ?? lease)),
    async records(partition: number, records: readonly InputRecord[]) {
      const next = await tracked(worker.records(partition, records));
      return wantedNext?.(partition, next) ?? next;
    },
    requests: (partition, records) => tracked(worker.requests(partition, records)),
    revoked: (partition) => tracked(worker.revoked(partition)),
    lost: (partition) => tracked(worker.lost(partition)),
  };
}
