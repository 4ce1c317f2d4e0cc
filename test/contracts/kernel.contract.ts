/**
 * The laws of src/kernel/kernel.ts, for every implementation: `describeKernelContract(name, kernel)`.
 *
 * References are written in float64 and from the definitions. Sums may be made in another order and in float32 (SIMD), so
 * they are compared within a bound that follows from their terms.
 */
import { describe } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { matrixLaws } from './kernel-matrix.laws.ts';
import { memoryLaws } from './kernel-memory.laws.ts';
import { networkLaws } from './kernel-network.laws.ts';
import { sgdLaws } from './kernel-sgd.laws.ts';
import { sumsLaws } from './kernel-sums.laws.ts';
import { topLaws } from './kernel-top.laws.ts';
import { vectorLaws } from './kernel-vector.laws.ts';

export function describeKernelContract(name: string, kernel: Kernel): void {
  describe(`kernel contract: ${name}`, () => {
    describe('memory', () => memoryLaws(kernel));
    describe('vectors and sketches', () => vectorLaws(kernel));
    describe('gradient steps', () => sgdLaws(kernel));
    describe('matrices of floats', () => matrixLaws(kernel));
    describe('sums of doubles', () => sumsLaws(kernel));
    describe('networks', () => networkLaws(kernel));
    describe('the best rows', () => topLaws(kernel));
  });
}
