import fc from 'fast-check';
import { describe, test } from 'vitest';
import { inFolder, inMemory } from '../contracts/flow-disk.ts';
import { obeysTheLaws } from '../contracts/flow-laws.ts';
import { schedule } from '../contracts/flow-schedule.ts';

/** Random schedules in memory; a tenth of them or less again over a folder on disk. */
const schedules = Number(process.env['FRESHET_SCHEDULES'] ?? 500);
const timeout = 600_000;

describe('the laws of the flow', () => {
  test(`hold over ${schedules} random schedules in memory`, { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(schedule, (one) => obeysTheLaws(one, inMemory)),
      { numRuns: schedules },
    );
  });

  test('hold over random schedules in a folder that is reopened', { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(schedule, (one) => obeysTheLaws(one, inFolder)),
      { numRuns: Math.ceil(schedules / 20) },
    );
  });
});
