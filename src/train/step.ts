/**
 * What computes a network's loss and gradients, as the fit loop sees it: a pure function of what is passed in. Parameters,
 * rows and moments live outside, in typed arrays, so that every backend is compared by one step from the same numbers.
 */
import type { Definition } from './definition.ts';

export interface Batch {
  /** [B, 2d]: the rows of user and item, side by side. */
  readonly rows: Float32Array;
  /** [B]: what the network's answer should be; mean and biases are taken off. */
  readonly targets: Float32Array;
  /** One a dropout, in the order of the layers, [B, units]: 0 or 1 / (1 - ratio). */
  readonly masks: readonly Float32Array[];
}

/** All of one length a list: `parameters` is every kernel, bias, gamma and beta, one after the other (parameters.ts). */
export interface Weights {
  readonly parameters: Float32Array;
  /** Mean and variance of every normalization, one after the other; used by `predict` only. */
  readonly moments: Float32Array;
}

export interface Gradients {
  /** Mean squared error of the batch. */
  readonly loss: number;
  /** [B, 2d] */
  readonly rows: Float32Array;
  /** As `Weights.parameters`. */
  readonly parameters: Float32Array;
  /** Of this batch, as `Weights.moments`. */
  readonly moments: Float32Array;
  /** [B]: answer minus target. */
  readonly errors: Float32Array;
}

export interface Step {
  /** As `tfjs-wasm`. */
  readonly backend: string;
  step(weights: Weights, batch: Batch): Gradients;
  /** [B]: the network's answers for [B, 2d] rows, as it serves: no dropout, normalized by `weights.moments`. */
  predict(weights: Weights, rows: Float32Array): Float32Array;
}

/** Makes the step of a network whose rows have `d` cells. */
export type StepOf = (definition: Definition, d: number) => Step;
