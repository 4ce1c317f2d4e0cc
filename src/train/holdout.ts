/**
 * The holdout protocol: networks are trained on one part of the ratings, and judged by another part that nothing was chosen
 * by. A piece of the training part says after how many epochs to end, and is what the blend of them is fitted on; then each
 * network is trained on the whole part for so many epochs, with what is left of its time.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { Scale } from '../model/scale.ts';
import type { Clock } from '../ports/clock.ts';
import { errorsOf, figuresOf, type ErrorFigures, type Figures } from './figures.ts';
import { isFoldIn } from './fold-in.ts';
import { fitBiases } from './fit-biases.ts';
import { splitRandomly } from './split.ts';
import { contextOf, fitStack } from './stack.ts';
import { networkAnswers, trainTwice } from './trained-network.ts';
import type { Train, TrainProgress } from './trained.ts';
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
    const options = { seed, budgetSeconds, clock, signal, onProgress };
    const twice = await trainTwice(tools.trainOf(kind), { whole: train, rest, validation }, options, tools.kernel);
    const { trained, network } = twice;
    stackAnswers.push(twice.validationAnswers);
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

export function biasAnswers(train: RatingsWindow) {
  const { mean, user, item } = fitBiases(train);
  return ({ users, items }: RatingsWindow): Float64Array =>
    Float64Array.from(users, (row, n) => mean + user[row]! + item[items[n]!]!);
}
