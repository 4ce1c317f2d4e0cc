import type { Kernel } from './kernel.ts';
import { createPlainKernel } from './plain.ts';
import { createSimdKernel, hasSimd } from './simd.ts';

export const kernelChoices = ['auto', 'simd', 'plain'] as const;
export type KernelChoice = (typeof kernelChoices)[number];

/** `auto`: SIMD where the machine has it. Each kernel has a memory of its own, empty at first. */
export function createKernel(choice: KernelChoice = 'auto'): Kernel {
  const useSimd = choice === 'auto' ? hasSimd() : choice === 'simd';
  return useSimd ? createSimdKernel() : createPlainKernel();
}
