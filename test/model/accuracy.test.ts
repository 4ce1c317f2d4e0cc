/** Bars on streams of real ratings (skipped where the data is not there) and on a stream whose optimum is known. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRatings } from '../../src/adapters/files/read-ratings.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import type { RatingsTable } from '../../src/ports/ratings-table.ts';
import { prequential, type PrequentialResult } from '../../src/stream/prequential.ts';

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const streams = [
  { name: 'ML-100K', file: 'ml-100k/u.data', scale: { lo: 1, hi: 5 }, barRmse: 0.938 },
  { name: 'ML-latest-small', file: 'ml-latest-small/ratings.csv', scale: { lo: 0.5, hi: 5 }, barRmse: 0.848 },
  { name: 'ML-1M 20 %', file: 'ml-1m/ratings_ts20pct.dat', scale: { lo: 1, hi: 5 }, barRmse: 0.938 },
];

const evaluated = (table: RatingsTable): Promise<PrequentialResult> =>
  prequential(table, defaultSettings, createPlainKernel(), systemClock);

function expectCalibrated({ intervalCoverageRatio }: PrequentialResult): void {
  expect(intervalCoverageRatio).toBeGreaterThan(0.77);
  expect(intervalCoverageRatio).toBeLessThan(0.83);
}

describe('accuracy in one default setting', () => {
  for (const { name, file, scale, barRmse } of streams) {
    it.skipIf(!existsSync(data + file))(
      `${name}: RMSE at most ${barRmse}, better than every expert, four in five inside the interval`,
      async () => {
        const { table } = await readRatings(data + file, { scale });
        const result = await evaluated(table);
        const { blend, ...experts } = result.experts;
        expect(blend!.rmse).toBeLessThanOrEqual(barRmse);
        for (const { rmse, mae } of Object.values(experts)) {
          expect(blend!.rmse).toBeLessThan(rmse);
          expect(blend!.mae).toBeLessThan(mae);
        }
        expectCalibrated(result);
      },
    );
  }

  it('on a synthetic stream goes more than half of the way from the biases to the optimum', async () => {
    const table = syntheticRatings({ events: 60_000, users: 600, items: 400 });
    const result = await evaluated(table);
    const { blend, bias } = result.experts;
    let squared = 0;
    table.expected.forEach((expected, event) => (squared += (expected - table.ratings[event]!) ** 2));
    const optimum = Math.sqrt(squared / table.expected.length);
    expect(blend!.rmse).toBeGreaterThan(optimum);
    expect(blend!.rmse - optimum).toBeLessThan((bias!.rmse - optimum) / 2);
    expectCalibrated(result);
  });
});
