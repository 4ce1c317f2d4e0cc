/**
 * What a network is, whatever computes it: the names and shapes of its parameters, and its answer over the rows of a user
 * and an item. Mean and biases are outside: the answer is added to them.
 */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { NetworkKind } from '../model/networks/kinds.ts';

export interface DenseShape {
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
}

export interface Definition {
  readonly kind: NetworkKind;
  /** Dense layers, as `NAME.kernel` [inputs, units] and `NAME.bias`; `d` is the length of a row. */
  dense(d: number): readonly DenseShape[];
  /** Normalizations, as `NAME.gamma`, `NAME.beta`, `NAME.mean`, `NAME.variance`. */
  readonly norms: readonly { readonly name: string; readonly units: number }[];
  /** Units of each dropout, in the order in which `forward` comes to them. */
  readonly dropouts: readonly number[];
  /** What the kernel of the last layer begins with, where it is not drawn as the others are. */
  firstOut?(d: number): Float32Array;
  /** [B, 2d] → [B, 1] */
  forward(layers: Layers, rows: Tensor2D): Tensor2D;
}

/** The layers of one evaluation: they have the parameters, and know whether this is training. */
export interface Layers {
  /** x W + b, optionally max(0, ·). */
  dense(name: string, x: Tensor2D, activation?: 'relu'): Tensor2D;
  /** Batch normalization. */
  norm(name: string, x: Tensor2D): Tensor2D;
  dropout(x: Tensor2D): Tensor2D;
  /** [B, 2d] → [B, 1]: the dot product of the halves. */
  dot(rows: Tensor2D): Tensor2D;
  add(a: Tensor2D, b: Tensor2D): Tensor2D;
  concat(a: Tensor2D, b: Tensor2D): Tensor2D;
}
