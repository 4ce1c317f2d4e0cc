/** Chance in training: everything random is drawn from one of these, so that a seed fixes it. */
import { mix } from '../kernel/seeded.ts';

export interface Chance {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Mean 0, deviation 1: the sum of two uniform draws, equal on every machine (kernel/seeded.ts). */
  centred(): number;
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  shuffle(places: Int32Array): void;
}

/** Different purposes of the same seed get different numbers. */
export function chance(seed: number, purpose = 0): Chance {
  let state = mix(mix(seed | 0) ^ Math.imul(purpose + 1, 0x85ebca6b));
  const uniform = (): number => mix((state = (state + 0x9e3779b9) | 0)) / 2 ** 32;
  const below = (n: number): number => Math.floor(uniform() * n);
  return {
    uniform,
    below,
    centred: () => (uniform() + uniform() - 1) * Math.sqrt(6),
    shuffle(places) {
      for (let last = places.length - 1; last > 0; last--) {
        const other = below(last + 1);
        const kept = places[last]!;
        places[last] = places[other]!;
        places[other] = kept;
      }
    },
  };
}
