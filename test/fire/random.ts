/** Chance that can be had again: the seed is printed, and FRESHET_FIRE_SEED gives it. */
export interface Random {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(all: readonly T[]): T[];
}

export function seededRandom(given = process.env.FRESHET_FIRE_SEED): Random {
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  let state = seed;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  return {
    seed,
    next,
    pick,
    between: (low, high) => low + next() * (high - low),
    shuffled(all) {
      const left = [...all];
      return all.map(() => left.splice(Math.floor(next() * left.length), 1)[0]!);
    },
  };
}
