/**
 * Chance that everybody agrees on: numbers that depend on an id and a seed and on nothing else, so that every worker
 * starts a row from the same values without talking.
 */

/** 32-bit hash of an id [FNV-1a over UTF-16 units, murmur3 finalizer]. */
export function hashId(id: string, seed: number): number {
  let h = (2166136261 ^ seed) >>> 0;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 16777619);
  return mix(h);
}

export function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Fills `width` cells with +1 or -1, each as likely: the signs of an id. `width` is a multiple of 32. */
export function fillSigns(out: Int16Array, width: number, seed: number, sign: 1 | -1): void {
  for (let from = 0; from < width; from += 32) {
    const bits = mix(seed + Math.imul(from + 1, 0x9e3779b9));
    for (let bit = 0; bit < 32; bit++) out[from + bit] = (bits >>> bit) & 1 ? sign : -sign;
  }
}

/**
 * Fills `k` cells with values of mean 0 and the given standard deviation: the sum of two uniform draws, which needs no
 * transcendental function and is therefore equal on every machine.
 */
export function fillSeeded(out: Float32Array, at: number, k: number, seed: number, deviation: number): void {
  const width = deviation * Math.sqrt(6);
  for (let f = 0; f < k; f++) {
    const a = mix(seed + Math.imul(2 * f + 1, 0x9e3779b9)) / 4294967296;
    const b = mix(seed + Math.imul(2 * f + 2, 0x9e3779b9)) / 4294967296;
    out[at + f] = (a + b - 1) * width;
  }
}
