/** The part of a network that differs from kind to kind: its answer for a user and an item that it was trained on. */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Tensor, Tensors } from './tensor.ts';

export interface Scorer {
  /** On the inner scale; allocates nothing. */
  score(user: number, item: number): number;
  release(): void;
}

export type ScorerOf = (tensors: Tensors, kernel: Kernel) => Scorer;

/** A tensor that the artifact's check found to be there. */
export function tensorOf(tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new TypeError(`The network has no tensor ${name}`);
  return tensor;
}

export const dataOf = (tensors: Tensors, name: string): Float32Array => tensorOf(tensors, name).data;
