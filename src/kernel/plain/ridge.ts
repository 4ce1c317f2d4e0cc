import { packedSize, type Kernel } from '../kernel.ts';
import { cellBits, cellMask, type HeapMemory } from '../heap-memory.ts';

export function plainRidge(
  { floats, doubles, words }: HeapMemory,
  { solve }: Pick<Kernel, 'solve'>,
): Pick<Kernel, 'ridge'> {
  return {
    ridge(w, entriesAt, n, k, noise, scratch) {
      const sums = doubles[scratch >> cellBits]!;
      const aAt = (scratch & cellMask) >> 1;
      const bAt = aAt + packedSize(k);
      const xAt = bAt + k;
      sums.fill(0, aAt, xAt);
      for (let i = 0, at = aAt; i < k; i++, at += i + 1) sums[at] = noise;
      const addresses = words[entriesAt >> cellBits]!;
      const factors = floats[entriesAt >> cellBits]!;
      for (let e = entriesAt & cellMask, last = e + 2 * n; e < last; e += 2) {
        const row = floats[addresses[e]! >> cellBits]!;
        const z = addresses[e]! & cellMask;
        const error = factors[e + 1]! - row[z + k]!;
        for (let i = 0, at = aAt; i < k; i++) {
          const zi = row[z + i]!;
          for (let j = 0; j <= i; j++, at++) sums[at] = sums[at]! + zi * row[z + j]!;
          sums[bAt + i] = sums[bAt + i]! + zi * error;
        }
      }
      const x = scratch + 2 * (packedSize(k) + k);
      if (!solve(scratch, scratch + 2 * packedSize(k), x, k, x + 2 * k)) return false;
      const out = floats[w >> cellBits]!;
      for (let i = 0; i < k; i++) out[(w & cellMask) + i] = sums[xAt + i]!;
      return true;
    },
  };
}
