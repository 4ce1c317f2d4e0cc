import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import type { Kernel } from '../kernel.ts';
import { dotArrays } from './vectors.ts';

export function plainTop({ floats, words }: HeapMemory): Pick<Kernel, 'topScan'> {
  return {
    topScan(heap, size, capacity, biases, factors, padded, count, firstRow, user) {
      const bias = floats[biases >> cellBits]!;
      const biasAt = biases & cellMask;
      const items = floats[factors >> cellBits]!;
      const p = floats[user >> cellBits]!;
      const scores = floats[heap >> cellBits]!;
      const rows = words[heap >> cellBits]!;
      const at = heap & cellMask;
      let held = size;
      for (let r = 0, q = factors & cellMask; r < count; r++, q += padded) {
        const score = Math.fround(bias[biasAt + r]! + dotArrays(p, user & cellMask, items, q, padded));
        if (held < capacity ? score === -Infinity : !(score > scores[at]!)) continue;
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
