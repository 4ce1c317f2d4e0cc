import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import type { Kernel } from '../kernel.ts';
import { dotArrays } from './vectors.ts';

type Sgd = Pick<Kernel, 'sgdStep' | 'replay'>;

function step(
  p: Float32Array,
  pAt: number,
  q: Float32Array,
  qAt: number,
  own: Float32Array,
  ownAt: number,
  k: number,
  residual: number,
  userRate: number,
  itemRate: number,
  regularization: number,
): void {
  const error = residual - dotArrays(p, pAt, q, qAt, k);
  for (let f = 0; f < k; f++) {
    const pf = p[pAt + f]!;
    const qf = q[qAt + f]!;
    p[pAt + f] = pf + userRate * (error * qf - regularization * pf);
    own[ownAt + f] = own[ownAt + f]! + itemRate * (error * pf - regularization * qf);
  }
}

export function plainSgd({ floats, words }: HeapMemory): Sgd {
  let q = new Float32Array(64);
  return {
    sgdStep(p, qFrom, own, k, residual, userRate, itemRate, regularization) {
      const user = floats[p >> cellBits]!;
      const item = floats[qFrom >> cellBits]!;
      const mine = floats[own >> cellBits]!;
      const pAt = p & cellMask;
      const qAt = qFrom & cellMask;
      step(user, pAt, item, qAt, mine, own & cellMask, k, residual, userRate, itemRate, regularization);
    },

    replay(p, entries, n, k, base, itemDamping, userRate, first, floor, halfCount, regularization) {
      if (q.length < k) q = new Float32Array(k);
      const user = floats[p >> cellBits]!;
      const addresses = words[entries >> cellBits]!;
      const numbers = floats[entries >> cellBits]!;
      for (let at = entries & cellMask, last = at + 4 * n; at < last; at += 4) {
        const rest = floats[addresses[at]! >> cellBits]!;
        const restAt = addresses[at]! & cellMask;
        const own = floats[addresses[at + 1]! >> cellBits]!;
        const ownAt = addresses[at + 1]! & cellMask;
        const weight = Math.min(numbers[at + 3]!, 1);
        for (let f = 0; f < k; f++) q[f] = rest[restAt + f]! + own[ownAt + f]!;
        const residuals = Math.fround(rest[restAt + k]! + own[ownAt + k]!);
        const weights = Math.fround(rest[restAt + k + 1]! + own[ownAt + k + 1]!);
        const residual = numbers[at + 2]! - base - residuals / (weights + itemDamping);
        const itemRate = weight * Math.max(floor, first / (1 + Math.max(0, weights) / halfCount));
        step(user, p & cellMask, q, 0, own, ownAt, k, residual, userRate * weight, itemRate, regularization);
      }
    },
  };
}
