/** The prequential protocol: the whole learner over a file in time order, as it would live. */
import { systemClock } from '../../adapters/system/clock.ts';
import { createKernel } from '../../kernel/choose.ts';
import { expertNames } from '../../model/learner.ts';
import type { RatingsTable } from '../../ports/ratings-table.ts';
import type { Values } from '../../setting.ts';
import { prequential } from '../../stream/prequential.ts';
import type { CommandIo } from '../command.ts';
import type { kernelSetting, learnerSettings } from '../learner-settings.ts';
import { learnerSettingsOf } from '../learner-settings.ts';
import { progressBar } from '../progress.ts';
import { renderTable } from '../table.ts';

type PrequentialValues = Values<typeof learnerSettings> & Values<typeof kernelSetting>;

export function prequentialReport(table: RatingsTable, values: PrequentialValues, { stderr, signal }: CommandIo) {
  const bar = progressBar(stderr, 'predict, then learn', table.ratings.length);
  const kernel = createKernel(values.kernel);
  const result = prequential(table, learnerSettingsOf(values), kernel, systemClock, {
    onBatch: (events) => bar.at(events),
    isStopped: () => signal.aborted,
  });
  bar.stop();
  signal.throwIfAborted();
  const microsecondsPerEvent = (result.elapsedMs * 1000) / result.ratings;
  return {
    protocol: 'prequential' as const,
    ratings: result.ratings,
    users: table.users.length,
    items: table.items.length,
    scale: [table.scale.lo, table.scale.hi],
    scaleDetected: table.scale.detected,
    effort: values.effort,
    kernel: kernel.name,
    ...result.experts['blend'],
    lastHalf: result.lastHalf,
    experts: result.experts,
    intervalCoverageRatio: result.intervalCoverageRatio,
    intervalMeanWidth: result.intervalMeanWidth,
    eventsPerSecond: 1e6 / microsecondsPerEvent,
    microsecondsPerEvent,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

type Report = ReturnType<typeof prequentialReport>;

const meaning: Readonly<Record<string, string>> = {
  mean: 'baseline: the mean so far',
  bias: 'baseline: mean, item bias, user level',
  factors: 'biases and factors',
  blend: 'the published prediction',
};

export function prequentialForPeople(report: Report): string {
  const rows = expertNames.map((name) => [
    name,
    report.experts[name]?.rmse ?? 0,
    report.experts[name]?.mae ?? 0,
    meaning[name] ?? '',
  ]);
  return [
    `${report.ratings} ratings of ${report.users} users and ${report.items} items, scale ${report.scale.join('..')}, each predicted before it was learned\n`,
    renderTable({ head: ['expert', 'RMSE', 'MAE', ''], rows, digits: 4 }),
    `second half: RMSE ${report.lastHalf.rmse.toFixed(4)}, MAE ${report.lastHalf.mae.toFixed(4)}; `,
    `${(report.intervalCoverageRatio * 100).toFixed(1)} % inside their 80 % interval\n`,
    `${Math.round(report.eventsPerSecond).toLocaleString('en')} events/s, ${Math.round(report.peakRssBytes / 2 ** 20)} MiB at the most, ${report.kernel} kernel\n`,
  ].join('');
}
