import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { createKernel } from '../../src/kernel/choose.ts';
import { createSimdKernel, hasSimd } from '../../src/kernel/simd.ts';
import { describeKernelContract } from '../contracts/kernel.contract.ts';
import { compileKernel, digestOfSources, moduleSource, target } from '../../scripts/build-kernel.mjs';

describeKernelContract('SIMD', createSimdKernel());

it('is what the sources compile to', async () => {
  expect(readFileSync(target, 'utf8')).toBe(moduleSource(await compileKernel(), digestOfSources()));
});

describe('choice', () => {
  it('takes SIMD where the machine has it, and what is asked for', () => {
    expect(hasSimd()).toBe(true);
    expect(createKernel().name).toBe('simd');
    expect(createKernel('simd').name).toBe('simd');
    expect(createKernel('plain').name).toBe('plain');
  });
});
