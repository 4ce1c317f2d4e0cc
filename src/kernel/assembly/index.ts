/**
 * The kernels of ../kernel.ts in AssemblyScript, with 128-bit SIMD. Compiled by scripts/build-kernel.mjs into
 * ../simd-module.ts. Addresses come in cells of four bytes and are turned into bytes first. Nothing allocates: the module
 * has no data and no stack of its own in the memory that it is given.
 */
export { dot, copy, add, axpy, sum } from './vectors';
export { seeded } from './seeded';
export { sketchDot, sketchDots, sketchAdd } from './sketch';
export { sgdStep, replay } from './sgd';
export { covariances } from './covariances';
export { eliminate } from './cholesky';
export { addOuter, solve, dotDoubles, updateInverse } from './sums';
export { ridge } from './ridge';
export { topScan } from './top';
export {
  gather,
  scatter,
  logistic,
  logisticGradient,
  maskedOutputs,
  softmax,
  adam,
  ascend,
  sumRelu,
  dense,
} from './networks';
