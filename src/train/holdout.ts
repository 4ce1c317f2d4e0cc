/**
 * The holdout protocol: networks are trained on one part of the ratings, and judged by another part that nothing was chosen
 * by. A piece of the training part says after how many epochs to end, and is what the blend of them is fitted on; then each
 * network is trained on the whole part for so many epochs, with what is left of its time.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Artifact } from '../model/networks/artifact.ts';
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { Network, NetworkHistory } from '../model/networks/network.ts';
import { networkOf } from '../model/networks/serving.ts';
import type { Scale } from '../model/scale.ts';
import type { Clock } from '../ports/clock.ts';
import { errorsOf, figuresOf, type ErrorFigures, type Figures } from './figures.ts';
import { isFoldIn } from './fold-in.ts';
import { fitBiases } from './fit-biases.ts';
import { splitRandomly } from './split.ts';
import { contextOf, fitStack } from './stack.ts';
import type { Train, Trained, TrainOptions, TrainProgress } from './trained.ts';
import type { RatingsWindow } from './window.ts';

export interface HoldoutInput {
  readonly train: RatingsWindow;
  readonly test: RatingsWindow;
  readonly scale: Scale;
  readonly kinds: readonly NetworkKind[];
  readonly seed: number;
  /** Of each kind. */
  readonly budgetSeconds: number;
}

export interface HoldoutTools {
  readonly trainOf: (kind: NetworkKind) => Train;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (kind: NetworkKind, progress: TrainProgress) => void;
  readonly onTrained: (kind: NetworkKind) => void;
}

export interface ModelReport extends Figures {
  readonly epochs: number;
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  readonly backend: string;
  readonly parameters: number;
  readonly microsecondsPerPrediction: number;
}

export interface HoldoutReport {
  readonly protocol: 'holdout';
  /** Ratings. */
  readonly train: number;
  readonly test: number;
  readonly models: Readonly<Partial<Record<NetworkKind, ModelReport>>>;
  readonly blend: Figures;
  readonly baselines: Readonly<Record<'mean' | 'bias', ErrorFigures>>;
}

const validationRatio = 0.05;

export async function holdout(input: HoldoutInput, tools: HoldoutTools): Promise<HoldoutReport> {
  const { train, test, scale, seed, budgetSeconds } = input;
  const { clock, signal } = tools;
  const { rest, heldOut: validation } = splitRandomly(train, validationRatio, seed + 1);
  const ofBiases = biasAnswers(rest);
  const stackAnswers = [ofBiases(validation)];
  const testAnswers = [biasAnswers(train)(test)];
  const models: Partial<Record<NetworkKind, ModelReport>> = {};
  for (const kind of input.kinds) {
    const onProgress = (progress: TrainProgress): void => tools.onProgress(kind, progress);
    const options = { seed, clock, signal, onProgress };
    const trainKind = tools.trainOf(kind);
    const early = await trainKind(rest, validation, { ...options, budgetSeconds: budgetSeconds / 2 });
    const earlyNetwork = networkOf(unstoredArtifact(early, rest), tools.kernel);
    stackAnswers.push(networkAnswers(earlyNetwork, validation));
    earlyNetwork.release();
    const trained = await trainOnAll(trainKind, early, train, validation, { ...options, budgetSeconds });
    const network = networkOf(unstoredArtifact(trained, train), tools.kernel);
    const startMs = clock.monotonicMs();
    const answers = networkAnswers(network, test);
    const elapsedMs = clock.monotonicMs() - startMs;
    network.release();
    testAnswers.push(answers);
    models[kind] = {
      ...figuresOf(answers, test, scale),
      epochs: trained.epochs,
      trainSeconds: trained.trainSeconds,
      examplesPerSecond: trained.examplesPerSecond,
      backend: trained.backend,
      parameters: [...trained.tensors].reduce((sum, [name, { data }]) => (isFoldIn(name) ? sum : sum + data.length), 0),
      microsecondsPerPrediction: (1000 * elapsedMs) / test.ratings.length,
    };
    tools.onTrained(kind);
  }
  const stack = fitStack(stackAnswers, contextOf(rest, validation), validation.ratings);
  const context = contextOf(train, test);
  const blend = Float64Array.from(test.ratings, (_, n) => stack.answer(testAnswers, context, n));
  const whole = fitBiases(train);
  return {
    protocol: 'holdout',
    train: train.ratings.length,
    test: test.ratings.length,
    models,
    blend: figuresOf(blend, test, scale),
    baselines: {
      mean: errorsOf(
        Float64Array.from(test.ratings, () => whole.mean),
        test,
        scale,
      ),
      bias: errorsOf(testAnswers[0]!, test, scale),
    },
  };
}

/** As many epochs as were best, on the validation part as well; `early` itself when there is no time for it. */
async function trainOnAll(
  trainKind: Train,
  early: Trained,
  train: RatingsWindow,
  validation: RatingsWindow,
  options: TrainOptions,
): Promise<Trained> {
  const budgetSeconds = options.budgetSeconds - early.trainSeconds;
  if (budgetSeconds < 1.2 * early.trainSeconds) return early;
  const hyper = { epochs: early.bestEpoch, patience: early.bestEpoch + 1 };
  const trained = await trainKind(train, validation, { ...options, budgetSeconds, hyper });
  const trainSeconds = early.trainSeconds + trained.trainSeconds;
  const examples = early.examplesPerSecond * early.trainSeconds + trained.examplesPerSecond * trained.trainSeconds;
  return {
    ...trained,
    epochs: early.epochs + trained.epochs,
    trainSeconds,
    examplesPerSecond: examples / trainSeconds,
  };
}

function biasAnswers(train: RatingsWindow) {
  const { mean, user, item } = fitBiases(train);
  return ({ users, items }: RatingsWindow): Float64Array =>
    Float64Array.from(users, (row, n) => mean + user[row]! + item[items[n]!]!);
}

const noHistory: NetworkHistory = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };

/** Dense numbers of the network are those of the window: it was trained on the same ids. */
function networkAnswers(network: Network, { users, items }: RatingsWindow): Float64Array {
  return Float64Array.from(users, (user, n) => network.predict(user, items[n]!, noHistory));
}

/** For `networkOf`: what is judged is what serves. Nothing of it is stored. */
export function unstoredArtifact({ kind, tensors, backend }: Trained, window: RatingsWindow): Artifact {
  const { userIds, itemIds, seconds } = window;
  return {
    manifest: {
      ...{ kind, version: 'unstored', seed: 0, trainedAtMs: 0, codeVersion: '', backend, offsets: {} },
      window: { ratings: seconds.length, firstSeconds: seconds[0] ?? 0, lastSeconds: seconds.at(-1) ?? 0 },
      ...{ hyperParameters: {}, evaluation: {} },
    },
    tensors,
    userIds,
    itemIds,
  };
}
