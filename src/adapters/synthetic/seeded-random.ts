/** Chance that can be repeated: sfc32 (Chris Doty-Humphrey's small fast counter), seeded through splitmix32. */
export interface SeededRandom {
  /** Uniform in [0, 1), 32 bits. */
  readonly uniform: () => number;
  /** Standard normal, by Marsaglia's polar method: no trigonometry, so the same bits on every platform. */
  readonly normal: () => number;
}

/** Every list of whole numbers gives its own stream. */
export function seededRandom(...seed: readonly number[]): SeededRandom {
  let mix = 0x9e3779b9;
  const split = (value: number): number => {
    mix = (mix + 0x9e3779b9 + value) | 0;
    let mixed = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mix = mixed ^ (mixed >>> 15));
  };
  for (const value of seed) split(value | 0);
  let a = split(0);
  let b = split(0);
  let c = split(0);
  let counter = 1;

  const uniform = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) uniform();

  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const stretch = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * stretch;
      return x * stretch;
    }
  };
  return { uniform, normal };
}
