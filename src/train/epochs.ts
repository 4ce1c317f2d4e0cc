/**
 * Epochs of a network that learns by cases: a pass over the training part, then the error on the validation part, until the
 * error has not fallen for some epochs, or time is up. What is kept are the weights of the best epoch.
 */
import { TrainingFailedError } from '../errors.ts';
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { TrainOptions } from './trained.ts';

export interface EpochPlan {
  /** Epochs, at the most. */
  readonly epochs: number;
  /** Epochs without a better validation error before it ends. */
  readonly patience: number;
}

export interface Learning {
  readonly kind: NetworkKind;
  /** Learns the training part once, batch by batch; yields after each. */
  pass(epoch: number): Generator<{ readonly doneRatio: number; readonly ratings: number; readonly loss: number }>;
  /** Root mean square error on the validation part. */
  validate(): number;
  /** Remembers the weights as they are. */
  keep(): void;
}

export interface Outcome {
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  readonly validationRmse: number;
}

const breatheEveryMs = 50;

export async function learnByEpochs(
  learning: Learning,
  { epochs, patience }: EpochPlan,
  { clock, signal, budgetSeconds, onProgress }: TrainOptions,
): Promise<Outcome> {
  const startMs = clock.monotonicMs();
  const seconds = (): number => (clock.monotonicMs() - startMs) / 1000;
  let best = { rmse: Infinity, epoch: 0 };
  let rmse = NaN;
  let examples = 0;
  let epoch = 0;
  let lastBreathMs = startMs;
  while (epoch < epochs && epoch - best.epoch < patience && seconds() < budgetSeconds) {
    for (const { doneRatio, ratings, loss } of learning.pass(epoch)) {
      if (!Number.isFinite(loss)) throw diverged(learning.kind, loss, epoch);
      examples += ratings;
      if (clock.monotonicMs() - lastBreathMs < breatheEveryMs) continue;
      lastBreathMs = clock.monotonicMs();
      await clock.breathe();
      signal?.throwIfAborted();
      const done = epoch + doneRatio;
      onProgress?.({
        epoch: epoch + 1,
        epochs,
        epochRatio: doneRatio,
        loss,
        validationRmse: rmse,
        examplesPerSecond: examples / seconds(),
        leftSeconds: Math.min(budgetSeconds - seconds(), (seconds() / done) * (epochs - done)),
      });
      if (seconds() >= budgetSeconds) break;
    }
    epoch++;
    rmse = learning.validate();
    if (!Number.isFinite(rmse)) throw diverged(learning.kind, rmse, epoch);
    if (rmse < best.rmse) {
      best = { rmse, epoch };
      learning.keep();
    }
  }
  const trainSeconds = seconds();
  const examplesPerSecond = examples / trainSeconds;
  return { epochs: epoch, bestEpoch: best.epoch, trainSeconds, examplesPerSecond, validationRmse: best.rmse };
}

const diverged = (kind: NetworkKind, loss: number, epoch: number): TrainingFailedError =>
  new TrainingFailedError(
    `training ${kind} gave a loss of ${loss} in epoch ${epoch + 1}: it diverged. What serves goes on serving; train with a lower rate`,
    { kind, epoch: epoch + 1 },
  );
