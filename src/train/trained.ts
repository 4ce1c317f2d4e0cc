/** What training is asked for, and what it gives: the same for every kind of network. */
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { Tensor } from '../model/networks/tensor.ts';
import type { Clock } from '../ports/clock.ts';
import type { Probe } from './probe.ts';
import type { RatingsWindow } from './window.ts';

export type { Tensor };

/** Named float32 tensors, in the names of docs/models.md, and how it went. */
export interface Trained {
  readonly kind: NetworkKind;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Passes over the training part. */
  readonly epochs: number;
  /** The one after which the validation error was lowest: the tensors are of then. */
  readonly bestEpoch: number;
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  /** What computed it, as `tfjs-wasm` or `sparse-simd`. */
  readonly backend: string;
  /** On the inner scale, of the tensors given. */
  readonly validationRmse: number;
  /** Every setting that it was trained with, by name. */
  readonly hyperParameters: Readonly<Record<string, number>>;
  /** What the network that serves is compared with. */
  readonly probe?: Probe;
}

export interface TrainProgress {
  /** From 1. */
  readonly epoch: number;
  /** The most there will be. */
  readonly epochs: number;
  /** Part of this epoch that is done, 0 to 1; at 1 the validation error is known. */
  readonly epochRatio: number;
  readonly loss: number;
  /** Of the last whole epoch; NaN before. */
  readonly validationRmse: number;
  readonly examplesPerSecond: number;
  readonly leftSeconds: number;
}

export interface TrainOptions<Hyper = unknown> {
  /** Together with the backend and the windows it fixes every bit of the result, unless the budget ends the training. */
  readonly seed: number;
  /** The training ends by itself before, with the best so far. */
  readonly budgetSeconds: number;
  readonly clock: Clock;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** An abort rejects with its reason, within a batch or two. */
  readonly signal?: AbortSignal;
  /** Other than the kind's defaults. */
  readonly hyper?: Partial<Hyper>;
}

/**
 * Every kind is one such function. Throws TrainingFailedError when the loss is not a finite number; leaves the windows
 * as they are.
 */
export type Train<Hyper = unknown> = (
  train: RatingsWindow,
  validation: RatingsWindow,
  options: TrainOptions<Hyper>,
) => Promise<Trained>;
