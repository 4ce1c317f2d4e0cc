/** Appends to a data folder's log and processes it in this process. */
import { createCodec } from '../../adapters/avro/codec.ts';
import type { EmbeddedStore } from '../../adapters/embedded/embedded-store.ts';
import type { Scale } from '../../model/scale.ts';
import type { LearnerSettings } from '../../model/settings.ts';
import type { Codec } from '../../ports/codec.ts';
import { statsOf } from '../../stream/stats.ts';
import { withBatchWorker, type BatchWorker } from '../batch-worker.ts';
import type { CommandIo } from '../command.ts';
import { withNewStore } from '../folder.ts';
import { progressBar } from '../progress.ts';
import { batchSizeAt, pacer, type SendingPlan } from './entries.ts';
import { recordsOf } from './records.ts';
import { countReasons, type ReplayReport } from './report.ts';

const batchSize = 500;
/** How far the log may run ahead of the worker. */
const aheadLimit = 10_000;

export interface FolderLearning {
  readonly scale: Scale;
  readonly settings: LearnerSettings;
}

export function replayIntoFolder(
  plan: SendingPlan,
  folder: string,
  { scale, settings }: FolderLearning,
  io: CommandIo,
): Promise<ReplayReport> {
  const instead = 'Send to it instead, with --http URL, or stop it first.';
  return withNewStore(folder, instead, {}, (store) => {
    const codec = createCodec({ scale, nowMs: () => Date.now() });
    return withBatchWorker(store, { scale, settings, codec }, io, (worker) => fill(plan, store, codec, worker, io));
  });
}

async function fill(
  plan: SendingPlan,
  store: EmbeddedStore,
  codec: Codec,
  worker: BatchWorker,
  { stderr, signal }: CommandIo,
): Promise<ReplayReport> {
  // What waits in the log already is not of this replay.
  await worker.caughtUp();
  const before = countsOf(worker);
  const reasons: Record<string, number> = {};
  let accepted = 0;
  const bar = progressBar(stderr, 'predict, then learn', plan.entries.count);
  const look = (): void => bar.at(plan.sentCount - store.backlog());
  const pace = pacer(plan.rate, signal);
  const startMs = performance.now();
  try {
    for (const batch of plan.entries.batches(batchSizeAt(plan.rate, batchSize))) {
      await pace(batch.length);
      const { byPartition, codes } = recordsOf(batch, codec, store.partitionCount);
      countReasons(reasons, codes);
      await Promise.all([...byPartition].map(([partition, records]) => store.append(partition, records)));
      accepted += batch.length - codes.length;
      plan.sentCount += batch.length;
      await worker.caughtUp(aheadLimit, look);
    }
    await worker.caughtUp(0, look);
  } finally {
    bar.stop();
  }
  const seconds = (performance.now() - startMs) / 1000;
  const after = countsOf(worker);
  return {
    sent: plan.sentCount,
    accepted,
    rejected: plan.sentCount - accepted,
    reasons,
    seconds,
    ratingsPerSecond: plan.sentCount / seconds,
    learned: after.learned - before.learned,
    duplicates: after.duplicates - before.duplicates,
    experts: statsOf(worker.worker).stats().experts,
  };
}

function countsOf({ worker }: BatchWorker): { learned: number; duplicates: number } {
  const { partitions } = statsOf(worker).stats();
  return {
    learned: partitions.reduce((sum, { eventsApplied }) => sum + eventsApplied, 0),
    duplicates: partitions.reduce((sum, { eventsSkipped }) => sum + eventsSkipped, 0),
  };
}
