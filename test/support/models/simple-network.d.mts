import type { Artifact } from '../../../src/model/networks/artifact.ts';
import type { Network } from '../../../src/model/networks/network.ts';
import type { Tensors } from '../../../src/model/networks/tensor.ts';

export function simpleNetwork(artifact: Artifact): Network;
export function simpleTensors(biases: {
  readonly mean: number;
  readonly user: Float32Array;
  readonly item: Float32Array;
}): Tensors;
