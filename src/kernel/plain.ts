/** The kernels in plain TypeScript: the reference that the faster ones are compared with, and what runs without SIMD. */
import { HeapMemory } from './heap-memory.ts';
import type { Kernel } from './kernel.ts';
import { plainCovariances } from './plain/covariances.ts';
import { plainNetworks } from './plain/networks.ts';
import { plainRidge } from './plain/ridge.ts';
import { plainSgd } from './plain/sgd.ts';
import { plainSums } from './plain/sums.ts';
import { plainTop } from './plain/top.ts';
import { plainVectors } from './plain/vectors.ts';

export function createPlainKernel(): Kernel {
  const memory = new HeapMemory();
  const sums = plainSums(memory);
  return {
    name: 'plain',
    memory,
    ...plainVectors(memory),
    ...plainSgd(memory),
    ...plainCovariances(memory),
    ...sums,
    ...plainTop(memory),
    ...plainNetworks(memory),
    ...plainRidge(memory, sums),
  };
}
