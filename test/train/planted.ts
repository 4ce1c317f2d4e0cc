/** Ratings with a planted structure: mean, biases and two tastes, and a little noise. */
import { chance } from '../../src/train/chance.ts';
import type { RatingsWindow } from '../../src/train/window.ts';

export interface Planted {
  readonly train: RatingsWindow;
  readonly validation: RatingsWindow;
  /** Root mean square of the noise: no better error can be expected. */
  readonly noise: number;
}

export function planted(
  users: number,
  items: number,
  seed: number,
  values: 'levels' | 'continuous' = 'levels',
): Planted {
  const drawn = chance(seed);
  const row = (): number[] => Array.from({ length: 3 }, () => drawn.centred());
  const [us, is] = [Array.from({ length: users }, row), Array.from({ length: items }, row)];
  const parts: number[][][] = [[], []];
  let squares = 0;
  for (let u = 0; u < users; u++) {
    for (let i = 0; i < items; i++) {
      if (drawn.uniform() > 0.5) continue;
      const [p, q] = [us[u]!, is[i]!];
      const exact = 3.2 + 0.4 * p[0]! + 0.4 * q[0]! + 0.6 * (p[1]! * q[1]! + p[2]! * q[2]!);
      const told = exact + 0.2 * drawn.centred();
      const rating = Math.min(5, Math.max(1, values === 'levels' ? Math.round(told) : told));
      squares += (rating - exact) ** 2;
      parts[drawn.uniform() < 0.15 ? 1 : 0]!.push([u, i, rating]);
    }
  }
  const [train, validation] = parts.map((part) => ({
    users: Int32Array.from(part, ([u]) => u!),
    items: Int32Array.from(part, ([, i]) => i!),
    ratings: Float32Array.from(part, ([, , rating]) => rating!),
    seconds: Uint32Array.from(part, (_, n) => n),
    userIds: Array.from({ length: users }, (_, u) => `u${u}`),
    itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
  }));
  return { train: train!, validation: validation!, noise: Math.sqrt(squares / (parts[0]!.length + parts[1]!.length)) };
}
