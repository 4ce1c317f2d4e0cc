import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import type { Kernel } from '../kernel.ts';

type Sums = Pick<Kernel, 'dotDoubles' | 'addOuter' | 'solve' | 'updateInverse'>;

export function plainSums({ doubles }: HeapMemory): Sums {
  return {
    dotDoubles(a, b, d) {
      const x = doubles[a >> cellBits]!;
      const y = doubles[b >> cellBits]!;
      const xAt = (a & cellMask) >> 1;
      const yAt = (b & cellMask) >> 1;
      let s = 0;
      for (let i = 0; i < d; i++) s += x[xAt + i]! * y[yAt + i]!;
      return s;
    },

    addOuter(sumsFrom, xFrom, d, weight) {
      const sums = doubles[sumsFrom >> cellBits]!;
      const x = doubles[xFrom >> cellBits]!;
      const xAt = (xFrom & cellMask) >> 1;
      let at = (sumsFrom & cellMask) >> 1;
      for (let i = 0; i < d; i++) {
        const xi = x[xAt + i]! * weight;
        for (let j = 0; j <= i; j++) {
          sums[at] = sums[at]! + xi * x[xAt + j]!;
          at++;
        }
      }
    },

    solve(aFrom, bFrom, wFrom, d, scratch) {
      // A = LLᵀ, L row by row: every inner loop is a dot product of two contiguous rows.
      const a = doubles[aFrom >> cellBits]!;
      const aAt = (aFrom & cellMask) >> 1;
      const l = doubles[scratch >> cellBits]!;
      const lAt = (scratch & cellMask) >> 1;
      for (let i = 0, row = 0; i < d; row += ++i) {
        for (let j = 0, other = 0; j <= i; other += ++j) {
          let s = a[aAt + row + j]!;
          for (let c = 0; c < j; c++) s -= l[lAt + row + c]! * l[lAt + other + c]!;
          if (j < i) l[lAt + row + j] = s * l[lAt + other + j]!;
          else if (s > 0 && s < Infinity) l[lAt + row + i] = 1 / Math.sqrt(s);
          else return false;
        }
      }
      // The diagonal holds inverses: it is only ever divided by.
      const b = doubles[bFrom >> cellBits]!;
      const bAt = (bFrom & cellMask) >> 1;
      const w = doubles[wFrom >> cellBits]!;
      const wAt = (wFrom & cellMask) >> 1;
      for (let i = 0, row = lAt; i < d; row += ++i) {
        let s = b[bAt + i]!;
        for (let c = 0; c < i; c++) s -= l[row + c]! * w[wAt + c]!;
        w[wAt + i] = s * l[row + i]!;
      }
      for (let i = d - 1; i >= 0; i--) {
        let s = w[wAt + i]!;
        for (let r = i + 1; r < d; r++) s -= l[lAt + (r * (r + 1)) / 2 + i]! * w[wAt + r]!;
        w[wAt + i] = s * l[lAt + (i * (i + 1)) / 2 + i]!;
      }
      return true;
    },

    updateInverse(pFrom, xFrom, d, decay, gain) {
      const p = doubles[pFrom >> cellBits]!;
      const pAt = (pFrom & cellMask) >> 1;
      const x = doubles[xFrom >> cellBits]!;
      const xAt = (xFrom & cellMask) >> 1;
      const g = doubles[gain >> cellBits]!;
      const gAt = (gain & cellMask) >> 1;
      // Cell (i, j) counts for rows i and j of the symmetric matrix.
      for (let i = 0, at = pAt; i < d; i++) {
        let s = 0;
        for (let j = 0; j < i; j++, at++) {
          s += p[at]! * x[xAt + j]!;
          g[gAt + j] = g[gAt + j]! + p[at]! * x[xAt + i]!;
        }
        g[gAt + i] = s + p[at]! * x[xAt + i]!;
        at++;
      }
      let total = decay;
      for (let i = 0; i < d; i++) total += x[xAt + i]! * g[gAt + i]!;
      for (let i = 0, at = pAt; i < d; i++) {
        const share = g[gAt + i]! / total;
        for (let j = 0; j <= i; j++, at++) p[at] = (p[at]! - share * g[gAt + j]!) / decay;
      }
      return total;
    },
  };
}
