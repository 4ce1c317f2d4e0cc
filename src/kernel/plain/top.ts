import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import { headFactors, type Kernel } from '../kernel.ts';
import { dotArrays } from './vectors.ts';

export function plainTop({ floats, words }: HeapMemory): Pick<Kernel, 'topScan'> {
  return {
    topScan(heap, size, capacity, biases, tailNorms, heads, tails, tail, count, firstRow, user, userTailNorm) {
      const bias = floats[biases >> cellBits]!;
      const biasAt = biases & cellMask;
      const norms = floats[tailNorms >> cellBits]!;
      const normsAt = tailNorms & cellMask;
      const first = floats[heads >> cellBits]!;
      const firstAt = heads & cellMask;
      const rest = floats[tails >> cellBits]!;
      const restAt = tails & cellMask;
      const p = floats[user >> cellBits]!;
      const pAt = user & cellMask;
      const scores = floats[heap >> cellBits]!;
      const rows = words[heap >> cellBits]!;
      const at = heap & cellMask;
      let held = size;
      for (let r = 0; r < count; r++) {
        const worst = held < capacity ? -Infinity : scores[at]!;
        const group = firstAt + (r & ~3) * headFactors + (r & 3);
        let begun = bias[biasAt + r]!;
        for (let f = 0; f < headFactors; f++) begun += p[pAt + f]! * first[group + 4 * f]!;
        if (!(begun + userTailNorm * norms[normsAt + r]! > worst)) continue;
        const score = Math.fround(begun + dotArrays(p, pAt + headFactors, rest, restAt + r * tail, tail));
        if (!(score > worst)) continue;
        if (held < capacity) rise(scores, rows, at, held++, score, firstRow + r);
        else sink(scores, rows, at, held, score, firstRow + r);
      }
      return held;
    },
  };
}

/** True when (score, row) is worse than entry `e`: of equal scores the larger row is. */
function isWorse(scores: Float32Array, rows: Uint32Array, e: number, score: number, row: number): boolean {
  return score < scores[e]! || (score === scores[e]! && row > rows[e + 1]!);
}

/** Puts an entry at the end of the heap, and up to where it belongs. */
function rise(scores: Float32Array, rows: Uint32Array, at: number, end: number, score: number, row: number): void {
  let i = end;
  while (i > 0) {
    const parent = at + 2 * ((i - 1) >> 1);
    if (!isWorse(scores, rows, parent, score, row)) break;
    move(scores, rows, parent, at + 2 * i);
    i = (i - 1) >> 1;
  }
  scores[at + 2 * i] = score;
  rows[at + 2 * i + 1] = row;
}

/** Puts an entry in the place of the worst, and down to where it belongs. */
function sink(scores: Float32Array, rows: Uint32Array, at: number, size: number, score: number, row: number): void {
  let i = 0;
  for (let child = 1; child < size; child = 2 * i + 1) {
    const right = at + 2 * (child + 1);
    if (child + 1 < size && isWorse(scores, rows, at + 2 * child, scores[right]!, rows[right + 1]!)) child++;
    const entry = at + 2 * child;
    if (isWorse(scores, rows, entry, score, row)) break;
    move(scores, rows, entry, at + 2 * i);
    i = child;
  }
  scores[at + 2 * i] = score;
  rows[at + 2 * i + 1] = row;
}

function move(scores: Float32Array, rows: Uint32Array, from: number, to: number): void {
  scores[to] = scores[from]!;
  rows[to + 1] = rows[from + 1]!;
}
