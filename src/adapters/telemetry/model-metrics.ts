/** What becomes of networks and how they do, as metrics. */
import type { ModelOutcome } from '../../ports/models.ts';
import type { ModelTelemetry, NetworkStats } from '../../ports/telemetry.ts';
import type { Instruments } from './instruments.ts';

const outcomes: readonly ModelOutcome[] = ['trained', 'kept', 'shadowing', 'promoted', 'rolled-back', 'failed'];

export interface ModelMetrics extends ModelTelemetry {
  /** Takes over the networks that answer now, and nothing of those that did before. */
  show(networks: readonly NetworkStats[]): void;
}

export function createModelMetrics(instruments: Instruments): ModelMetrics {
  const { modelEvents, modelSwaps, modelRmse, modelRatings, modelAge, modelWeight } = instruments;
  const { trainingProgress, trainingLoss, trainingHeldOutRmse, trainingSpeed, trainingLeft } = instruments;
  modelSwaps.inc(0);
  return {
    modelEvent(kind, outcome) {
      // A kind that is heard of begins at 0 in everything else that may become of it.
      for (const other of outcomes) modelEvents.inc({ kind, outcome: other }, 0);
      modelEvents.inc({ kind, outcome });
    },
    swapped: () => modelSwaps.inc(),
    training(kind, progress) {
      const set = (gauge: typeof trainingLoss, value: number | null | undefined): void => {
        if (value === null || value === undefined) gauge.remove({ kind });
        else gauge.set({ kind }, value);
      };
      set(trainingProgress, progress && progress.epochs > 0 ? progress.epoch / progress.epochs : null);
      set(trainingLoss, progress?.loss);
      set(trainingHeldOutRmse, progress?.heldOutRmse);
      set(trainingSpeed, progress?.examplesPerSecond);
      set(trainingLeft, progress?.leftSeconds);
    },
    show(networks) {
      for (const gauge of [modelRmse, modelRatings, modelAge, modelWeight]) gauge.reset();
      for (const { kind, role, ratings, rmse, ageMs, weight } of networks) {
        modelRatings.set({ kind, role }, ratings);
        if (Number.isFinite(rmse)) modelRmse.set({ kind, role }, rmse);
        if (weight !== null) modelWeight.set({ kind }, weight);
        if (ageMs !== null) modelAge.set({ kind }, ageMs / 1000);
      }
    },
  };
}
