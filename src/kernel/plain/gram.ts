import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import { paddedFactors, type Kernel } from '../kernel.ts';
import { dotArrays, sketchDotArrays } from './vectors.ts';

type Gram = Pick<Kernel, 'gram' | 'factor' | 'forward'>;

export function plainGram({ floats, words, shorts }: HeapMemory): Gram {
  /** Row i of `parts` into row i of the scratch. */
  function gather(
    parts: number,
    i: number,
    k: number,
    to: number,
    sketchAt: number,
    sketchCells: number,
    sketchTo: number,
  ): void {
    const addresses = words[parts >> cellBits]!;
    const first = addresses[(parts & cellMask) + 2 * i]!;
    const second = addresses[(parts & cellMask) + 2 * i + 1]!;
    const out = floats[to >> cellBits]!;
    const a = floats[first >> cellBits]!;
    const b = floats[second >> cellBits]!;
    const aAt = first & cellMask;
    const bAt = second & cellMask;
    const outAt = to & cellMask;
    for (let f = 0; f < k; f++) out[outAt + f] = second === 0 ? a[aAt + f]! : a[aAt + f]! + b[bAt + f]!;
    const counts = shorts[sketchTo >> cellBits]!;
    const x = shorts[first >> cellBits]!;
    const y = shorts[second >> cellBits]!;
    const countsAt = 2 * (sketchTo & cellMask);
    const xAt = 2 * (aAt + sketchAt);
    const yAt = 2 * (bAt + sketchAt);
    for (let c = 0; c < 2 * sketchCells; c++) {
      counts[countsAt + c] = second === 0 ? x[xAt + c]! : x[xAt + c]! + y[yAt + c]!;
    }
  }

  return {
    gram(parts, n, k, sketchAt, sketchCells, scratch, factorDots, sketchDots) {
      const padded = paddedFactors(k);
      const sketches = scratch + n * padded;
      for (let i = 0; i < n; i++) {
        gather(parts, i, k, scratch + i * padded, sketchAt, sketchCells, sketches + i * sketchCells);
      }
      const rows = floats[scratch >> cellBits]!;
      const rowsAt = scratch & cellMask;
      const out = floats[factorDots >> cellBits]!;
      for (let i = 0, at = factorDots & cellMask; i < n && k > 0; i++) {
        for (let j = 0; j <= i; j++, at++) out[at] = dotArrays(rows, rowsAt + i * padded, rows, rowsAt + j * padded, k);
      }
      if (sketchCells === 0) return;
      const counts = shorts[sketches >> cellBits]!;
      const countsAt = 2 * (sketches & cellMask);
      const sketchOut = floats[sketchDots >> cellBits]!;
      const width = 2 * sketchCells;
      for (let i = 0, at = sketchDots & cellMask; i < n; i++) {
        for (let j = 0; j <= i; j++, at++) {
          sketchOut[at] = sketchDotArrays(counts, countsAt + i * width, counts, countsAt + j * width, width);
        }
      }
    },

    factor(a, d, floor) {
      const l = floats[a >> cellBits]!;
      const start = a & cellMask;
      for (let i = 0, row = start; i < d; row += ++i) {
        for (let j = 0, other = start; j <= i; other += ++j) {
          const s = l[row + j]! - dotArrays(l, row, l, other, j);
          if (j < i) l[row + j] = s * l[other + j]!;
          else if (s > floor && s < Infinity) l[row + i] = 1 / Math.sqrt(s);
          else return false;
        }
      }
      return true;
    },

    forward(l, b, d) {
      const rows = floats[l >> cellBits]!;
      const x = floats[b >> cellBits]!;
      const at = b & cellMask;
      for (let i = 0, row = l & cellMask; i < d; row += ++i) {
        x[at + i] = (x[at + i]! - dotArrays(rows, row, x, at, i)) * rows[row + i]!;
      }
    },
  };
}
