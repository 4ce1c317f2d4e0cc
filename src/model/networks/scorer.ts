/** The part of a network that differs from kind to kind: its answer for a user and an item that it was trained on. */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Steps } from '../steps.ts';
import type { Tensor, Tensors } from './tensor.ts';

export interface Scorer {
  /** On the inner scale, into `out[at]`: a number that is returned may be an object on the heap. Allocates nothing. */
  score(user: number, item: number, out: Float64Array, at: number): void;
  release(): void;
}

export type ScorerOf = (tensors: Tensors, kernel: Kernel) => Steps<Scorer>;

/** A tensor that the artifact's check found to be there. */
export function tensorOf(tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new TypeError(`The network has no tensor ${name}`);
  return tensor;
}

export const dataOf = (tensors: Tensors, name: string): Float32Array => tensorOf(tensors, name).data;
