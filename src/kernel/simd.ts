/** The kernels in WebAssembly SIMD: written in AssemblyScript (assembly/), compiled ahead of time (scripts/build-kernel.mjs). */
import { LinearMemory } from './linear-memory.ts';
import type { Kernel } from './kernel.ts';
import { simdModule } from './simd-module.ts';

type Exports = Omit<Kernel, 'name' | 'memory' | 'eliminate' | 'solve' | 'ridge'> & {
  readonly eliminate: (...args: Parameters<Kernel['eliminate']>) => number;
  readonly solve: (...args: Parameters<Kernel['solve']>) => number;
  readonly ridge: (...args: Parameters<Kernel['ridge']>) => number;
};

/** True when this machine runs 128-bit SIMD and shared memories in WebAssembly. */
export const hasSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(moduleBytes());

/** A kernel with a memory of its own. Throws where there is no SIMD. */
export function createSimdKernel(): Kernel {
  const memory = new LinearMemory();
  const module = new WebAssembly.Module(moduleBytes());
  const exports = new WebAssembly.Instance(module, { env: { memory: memory.memory } }).exports as unknown as Exports;
  const { eliminate, solve, ridge, ...others } = exports;
  return {
    name: 'simd',
    memory,
    ...others,
    eliminate: (matrix, n, rows, width, stride, floor) => eliminate(matrix, n, rows, width, stride, floor) !== 0,
    solve: (a, b, w, d, scratch) => solve(a, b, w, d, scratch) !== 0,
    ridge: (w, entries, n, k, noise, scratch) => ridge(w, entries, n, k, noise, scratch) !== 0,
  };
}

const moduleBytes = (): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(simdModule), (char) => char.charCodeAt(0));
