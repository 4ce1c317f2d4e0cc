/**
 * The seed document's restricted Boltzmann machine, as it has it: binary units on ratings of 0 to 5, 64 of them hidden, ten
 * steps of contrastive divergence with rate .01 whose hidden bias has no negative phase, and samples for predictions.
 *
 * The document draws without a seed; here the seed fixes everything.
 */
import { chance } from './chance.ts';
import { seedUserRows } from './seed-autoencoder.ts';
import type { Matrix } from './seed-data.ts';

const hidden = 64;
const epochs = 10;
const rate = 0.01;

export interface SeedBoltzmann {
  /** Mean squared difference of ratings and sample, by epoch. */
  readonly reconstructionErrors: readonly number[];
  /** [users, items], of 0 and 1. */
  readonly predictions: Matrix;
}

export function trainSeedRbm(seed: number): SeedBoltzmann {
  const visible = seedUserRows[0]!.length;
  const drawn = chance(seed);
  /** [visible, hidden] */
  const weights = Array.from({ length: visible }, () => Array.from({ length: hidden }, () => 0.01 * drawn.centred()));
  const hiddenBias = new Array<number>(hidden).fill(0);
  const visibleBias = new Array<number>(visible).fill(0);
  const sample = (energy: number): number => (1 / (1 + Math.exp(-energy)) > drawn.uniform() ? 1 : 0);
  const sampleHidden = (row: readonly number[]): number[] =>
    hiddenBias.map((bias, unit) => sample(row.reduce((sum, value, item) => sum + value * weights[item]![unit]!, bias)));
  const sampleVisible = (code: readonly number[]): number[] =>
    visibleBias.map((bias, item) =>
      sample(code.reduce((sum, value, unit) => sum + value * weights[item]![unit]!, bias)),
    );

  const users = seedUserRows.length;
  const reconstructionErrors = Array.from({ length: epochs }, () => {
    const codes = seedUserRows.map(sampleHidden);
    const samples = codes.map(sampleVisible);
    let error = 0;
    for (const [user, row] of seedUserRows.entries()) {
      for (const [item, rating] of row.entries()) {
        const difference = rating - samples[user]![item]!;
        error += difference ** 2 / (users * visible);
        for (let unit = 0; unit < hidden; unit++) {
          weights[item]![unit]! += (rate * difference * codes[user]![unit]!) / users;
        }
        visibleBias[item]! += (rate * difference) / users;
      }
      for (let unit = 0; unit < hidden; unit++) hiddenBias[unit]! += (rate * codes[user]![unit]!) / users;
    }
    return error;
  });
  return { reconstructionErrors, predictions: seedUserRows.map((row) => sampleVisible(sampleHidden(row))) };
}
