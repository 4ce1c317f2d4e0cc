/** From a snapshot of the worker to the metrics that show it. */
import { rejectionCodes } from '../../errors.ts';
import type { ExpertError, PartitionStats, WorkerStats } from '../../ports/telemetry.ts';
import type { Instruments } from './instruments.ts';
import { monotonic } from './monotonic.ts';

const knownReasons: ReadonlySet<string> = new Set(rejectionCodes);

/** Returns what takes a snapshot over. Counters remember between snapshots; gauges show the last one and nothing else. */
export function createWorkerMetrics(instruments: Instruments): (stats: WorkerStats) => void {
  const raise = {
    applied: monotonic(instruments.eventsApplied),
    skipped: monotonic(instruments.eventsSkipped),
    predictions: monotonic(instruments.predictions),
    answered: monotonic(instruments.requestsAnswered),
    recommendations: monotonic(instruments.recommendations),
    deadLetters: monotonic(instruments.deadLetters),
    evicted: monotonic(instruments.rowsEvicted),
  };

  function showPartition(stats: PartitionStats): void {
    const { partition } = stats;
    raise.applied({ partition }, stats.eventsApplied);
    raise.skipped({ partition }, stats.eventsSkipped);
    raise.predictions({ partition }, stats.predictions);
    raise.answered({ partition }, stats.requestsAnswered);
    raise.recommendations({ partition }, stats.recommendations);
    instruments.recommendationsPending.set({ partition }, stats.recommendationsPending);
    for (const [reason, count] of byKnownReason(stats.deadLetters)) raise.deadLetters({ partition, reason }, count);
    instruments.appliedOffset.set({ partition }, stats.appliedOffset);
    instruments.committedOffset.set({ partition }, stats.committedOffset);
    instruments.effort.set({ partition }, stats.effort);
    instruments.schemaWait.set({ partition }, stats.schemaWaitMs / 1000);
    if (Number.isFinite(stats.eventTimeLagMs)) instruments.eventTimeLag.set({ partition }, stats.eventTimeLagMs / 1000);
  }

  return (stats) => {
    forgetFormerOwners(instruments);
    for (const partition of stats.partitions) showPartition(partition);
    for (const expert of stats.experts) showExpert(instruments, expert);
    instruments.rows.set({ kind: 'user' }, stats.userRows);
    instruments.rows.set({ kind: 'item' }, stats.itemRows);
    raise.evicted({ kind: 'user' }, stats.usersEvicted);
    raise.evicted({ kind: 'item' }, stats.itemsEvicted);
    if (stats.followLagMs === null) instruments.itemFollowLag.remove();
    else instruments.itemFollowLag.set(stats.followLagMs / 1000);
    if (Number.isFinite(stats.intervalCoverageRatio)) instruments.intervalCoverage.set(stats.intervalCoverageRatio);
  };
}

/** A partition or an expert that is gone must not stay behind with its last value. */
function forgetFormerOwners(instruments: Instruments): void {
  const { appliedOffset, committedOffset, eventTimeLag, schemaWait, prequentialRmse, prequentialMae } = instruments;
  const gauges = [appliedOffset, committedOffset, eventTimeLag, schemaWait, prequentialRmse, prequentialMae];
  for (const gauge of [...gauges, instruments.recommendationsPending, instruments.effort]) gauge.reset();
}

/** Errors of nothing are not a number, and are left out. */
function showExpert({ prequentialRmse, prequentialMae }: Instruments, error: ExpertError): void {
  const { expert } = error;
  if (Number.isFinite(error.rmseTotal)) prequentialRmse.set({ expert, span: 'total' }, error.rmseTotal);
  if (Number.isFinite(error.rmseWindow)) prequentialRmse.set({ expert, span: 'window' }, error.rmseWindow);
  if (Number.isFinite(error.maeTotal)) prequentialMae.set({ expert, span: 'total' }, error.maeTotal);
  if (Number.isFinite(error.maeWindow)) prequentialMae.set({ expert, span: 'window' }, error.maeWindow);
}

/** Keeps the label bounded whatever the codes are. */
function byKnownReason(deadLetters: Readonly<Record<string, number>>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [code, count] of Object.entries(deadLetters)) {
    const reason = knownReasons.has(code) ? code : 'other';
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return counts;
}
