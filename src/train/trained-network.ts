/** A trained network as it serves, without being stored: what is judged is what serves. */
import type { Kernel } from '../kernel/kernel.ts';
import type { Network, NetworkHistory } from '../model/networks/network.ts';
import { networkOf } from '../model/networks/serving.ts';
import type { Train, Trained, TrainOptions } from './trained.ts';
import type { RatingsWindow } from './window.ts';

/** `window`: what it was trained on. The network is the caller's to release. */
export const trainedNetwork = (
  { kind, tensors }: Pick<Trained, 'kind' | 'tensors'>,
  { userIds, itemIds }: RatingsWindow,
  kernel: Kernel,
): Network => networkOf({ manifest: { kind, version: 'unstored' }, tensors, userIds, itemIds }, kernel);

const noHistory: NetworkHistory = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };

/** Dense numbers of the network are those of the window: it was trained on the same ids. */
export function networkAnswers(network: Network, { users, items }: RatingsWindow): Float64Array {
  return Float64Array.from(users, (user, n) => network.predict(user, items[n]!, noHistory));
}

/** A window, and its two parts: what is learned from at first, and what is held out of it. */
export interface HeldOutParts {
  readonly whole: RatingsWindow;
  readonly rest: RatingsWindow;
  readonly validation: RatingsWindow;
}

/**
 * On the rest until the validation part says that it is enough, then on the whole for so many epochs with what is left of
 * the time. `validationAnswers`: of the first of the two, which did not learn them.
 */
export async function trainTwice(
  train: Train,
  { whole, rest, validation }: HeldOutParts,
  options: TrainOptions,
  kernel: Kernel,
): Promise<{ readonly trained: Trained; readonly network: Network; readonly validationAnswers: Float64Array }> {
  const early = await train(rest, validation, { ...options, budgetSeconds: options.budgetSeconds / 2 });
  const earlyNetwork = trainedNetwork(early, rest, kernel);
  const validationAnswers = networkAnswers(earlyNetwork, validation);
  earlyNetwork.release();
  const trained = await trainOnAll(train, early, whole, validation, options);
  return { trained, network: trainedNetwork(trained, whole, kernel), validationAnswers };
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
