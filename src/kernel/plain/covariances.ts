import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';
import { paddedCount, type Kernel } from '../kernel.ts';
import { sketchDotArrays } from './vectors.ts';

export function plainCovariances({ floats, words, shorts }: HeapMemory): Pick<Kernel, 'covariances' | 'eliminate'> {
  /** The sketch of rating i into row i of the scratch. */
  function gather(parts: number, i: number, sketchAt: number, cells: number, to: number): void {
    const addresses = words[parts >> cellBits]!;
    const first = addresses[(parts & cellMask) + 2 * i]!;
    const second = addresses[(parts & cellMask) + 2 * i + 1]!;
    const out = shorts[to >> cellBits]!;
    const x = shorts[first >> cellBits]!;
    const y = shorts[second >> cellBits]!;
    const outAt = 2 * (to & cellMask);
    const xAt = 2 * ((first & cellMask) + sketchAt);
    const yAt = 2 * ((second & cellMask) + sketchAt);
    for (let c = 0; c < 2 * cells; c++) out[outAt + c] = second === 0 ? x[xAt + c]! : x[xAt + c]! + y[yAt + c]!;
  }

  return {
    covariances(parts, n, sketchAt, sketchCells, terms, prior, matrix, stride, scratch) {
      for (let i = 0; i < n; i++) gather(parts, i, sketchAt, sketchCells, scratch + i * sketchCells);
      const padded = paddedCount(n);
      const counts = shorts[scratch >> cellBits]!;
      const countsAt = 2 * (scratch & cellMask);
      const given = floats[terms >> cellBits]!;
      const scalesAt = terms & cellMask;
      const priors = floats[prior >> cellBits]!;
      const priorAt = prior & cellMask;
      const level = priors[priorAt]!;
      const position = priors[priorAt + 1]!;
      const moment = priors[priorAt + 2]!;
      const session = priors[priorAt + 3]!;
      const similarity = priors[priorAt + 4]!;
      const squared = priors[priorAt + 5]!;
      const out = floats[matrix >> cellBits]!;
      const outAt = matrix & cellMask;
      for (let i = 0; i < n; i++) {
        let near = 1;
        let soon = 1;
        let sitting = 1;
        for (let j = i; j < n; j++) {
          const dot = sketchDotArrays(
            counts,
            countsAt + 2 * i * sketchCells,
            counts,
            countsAt + 2 * j * sketchCells,
            2 * sketchCells,
          );
          const cosine = dot * given[scalesAt + i]! * given[scalesAt + j]!;
          const items = cosine * (similarity + squared * Math.max(cosine, 0));
          const levels = level + position * near + moment * soon + session * sitting;
          out[outAt + i * stride + j] = levels + items + (i === j ? given[scalesAt + 3 * padded + i]! : 0);
          near *= Math.exp(priors[priorAt + 6]! * given[scalesAt + padded + j]!);
          soon *= Math.exp(priors[priorAt + 7]! * given[scalesAt + 2 * padded + j]!);
          sitting *= Math.exp(priors[priorAt + 8]! * given[scalesAt + 2 * padded + j]!);
        }
      }
    },

    eliminate(matrix, n, rows, width, stride, floor) {
      const cells = floats[matrix >> cellBits]!;
      const first = matrix & cellMask;
      for (let j = 0; j < rows; j++) {
        const row = first + j * stride;
        for (let k = 0; k < j && k < n; k++) {
          const other = first + k * stride;
          const factor = cells[other + j]!;
          for (let c = j; c < width; c++) cells[row + c] = cells[row + c]! - factor * cells[other + c]!;
        }
        if (j >= n) continue;
        const pivot = cells[row + j]!;
        if (!(pivot > floor && pivot < Infinity)) return false;
        const inverse = 1 / Math.sqrt(pivot);
        for (let c = j + 1; c < width; c++) cells[row + c] = cells[row + c]! * inverse;
        cells[row + j] = inverse;
      }
      return true;
    },
  };
}
