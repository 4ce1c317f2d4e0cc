/** One training from the log to a judged artifact: what the training process does. */
import { decodeArtifact, encodeArtifact, type Artifact } from '../../model/networks/artifact.ts';
import type { Network } from '../../model/networks/network.ts';
import type { Scale } from '../../model/scale.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import type { ModelReader, TrainingProgress, VersionNote } from '../../ports/models.ts';
import type { TrainingJob, TrainingResult } from '../../ports/trainer.ts';
import { fitBiases } from '../../train/fit-biases.ts';
import { measureHeldOut, type Answering, type HeldOutFigures } from '../../train/held-out.ts';
import { readLogWindow, type LogWindow, type WindowLimits } from '../../train/log-window.ts';
import { parityOf } from '../../train/probe.ts';
import { splitByTime } from '../../train/split.ts';
import type { Train, Trained } from '../../train/trained.ts';
import type { RatingsWindow } from '../../train/window.ts';

export interface TrainingTools {
  readonly ratings: LoggedRatings;
  readonly models: ModelReader;
  readonly codec: Pick<RatingDecoder, 'decodeRating' | 'decodeUserKey'>;
  readonly scale: Scale;
  readonly limits: WindowLimits;
  readonly budgetSeconds: number;
  /** What a user is remembered by when a network serves. */
  readonly historyLimit: number;
  readonly train: Train;
  readonly networkOf: (artifact: Artifact) => Network;
  readonly clock: Clock;
  readonly codeVersion: string;
}

/** Shares of the window: the tail is what candidate and serving version are measured on, and never trained on. */
const heldOutRatio = 0.1;
const validationRatio = 0.1;

export async function runTraining(
  job: TrainingJob,
  tools: TrainingTools,
  onProgress: (progress: TrainingProgress) => void,
): Promise<TrainingResult> {
  const { clock, models, train, networkOf, budgetSeconds } = tools;
  onProgress(progressOf('reading'));
  const logged = await readLogWindow(tools.ratings, tools.codec, tools.scale, tools.limits);
  const { rest, heldOut } = splitByTime(logged.window, heldOutRatio);
  const { rest: training, heldOut: validation } = splitByTime(rest, validationRatio);
  onProgress(progressOf('training'));
  const trained = await train(training, validation, {
    ...{ seed: job.seed, budgetSeconds, clock },
    onProgress: ({ epoch, epochs, loss, validationRmse, examplesPerSecond, leftSeconds }) =>
      onProgress({
        ...{ stage: 'training', epoch, epochs },
        loss: finite(loss),
        heldOutRmse: finite(validationRmse),
        examplesPerSecond: finite(examplesPerSecond),
        leftSeconds: finite(leftSeconds),
      }),
  });
  onProgress(progressOf('judging', trained));

  const trainedAtMs = clock.nowMs();
  const artifactOf = (evaluation: Readonly<Record<string, number>>): Uint8Array =>
    encodeArtifact(artifactFrom(job, trained, logged, { ...tools, evaluation, trainedAtMs }));
  // As it will be read again: what is judged is what serves.
  const network = networkOf(decodeArtifact(artifactOf({})));
  const serving = job.against === null ? undefined : await models.artifact(job.kind, job.against);
  const against = serving === undefined ? biasesOf(training) : networkOf(decodeArtifact(serving));
  const figures = measureHeldOut(network, against, rest, heldOut, tools.historyLimit);
  const { rmse, mae, againstRmse } = figures;
  const artifact = artifactOf(
    figures.isFinite ? { rmse, mae, againstRmse, validationRmse: trained.validationRmse } : {},
  );
  return {
    kind: 'trained',
    note: noteOf(job, trained, training, figures, {
      ...{ trainedAtMs, sizeBytes: artifact.length },
      against: serving === undefined ? null : job.against,
    }),
    measured: {
      differences: figures.differences,
      againstSquared: againstRmse * againstRmse,
      servesAlready: serving !== undefined,
      isFinite: figures.isFinite,
      parity: trained.probe === undefined ? null : parityOf(network, trained.probe, training),
      sizeBytes: artifact.length,
    },
    artifact,
  };
}

interface Told {
  readonly evaluation: Readonly<Record<string, number>>;
  readonly trainedAtMs: number;
  readonly codeVersion: string;
}

function artifactFrom(job: TrainingJob, trained: Trained, { window, offsets }: LogWindow, told: Told): Artifact {
  const { kind, version, seed } = job;
  const { seconds, userIds, itemIds } = window;
  return {
    manifest: {
      ...{ kind, version, seed, backend: trained.backend, offsets, ...told },
      window: { ratings: seconds.length, firstSeconds: seconds[0] ?? 0, lastSeconds: seconds.at(-1) ?? 0 },
      hyperParameters: trained.hyperParameters,
    },
    tensors: trained.tensors,
    userIds,
    itemIds,
  };
}

function noteOf(
  { version }: TrainingJob,
  { epochs, trainSeconds, examplesPerSecond, backend }: Trained,
  training: RatingsWindow,
  { ratings, rmse, againstRmse }: HeldOutFigures,
  { against, ...more }: Pick<VersionNote, 'trainedAtMs' | 'sizeBytes'> & Pick<VersionNote['heldOut'], 'against'>,
): VersionNote {
  return {
    ...{ version, epochs, trainSeconds, examplesPerSecond, backend, ...more },
    ratings: training.ratings.length,
    heldOut: { ratings, rmse, againstRmse, against },
  };
}

/** What is asked of the first network of a kind. */
function biasesOf(training: RatingsWindow): Answering {
  const biases = fitBiases(training);
  return (user, item) => biases.mean + (biases.user[user] ?? 0) + (biases.item[item] ?? 0);
}

const progressOf = (stage: TrainingProgress['stage'], trained?: Trained): TrainingProgress => ({
  stage,
  epoch: trained?.epochs ?? 0,
  epochs: trained?.epochs ?? 0,
  loss: null,
  heldOutRmse: trained === undefined ? null : finite(trained.validationRmse),
  examplesPerSecond: trained === undefined ? null : finite(trained.examplesPerSecond),
  leftSeconds: null,
});

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
