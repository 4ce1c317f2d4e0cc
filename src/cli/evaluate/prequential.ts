/** The prequential protocol: the whole learner over a file in time order, as it would live. */
import { systemClock } from '../../adapters/system/clock.ts';
import { createKernel } from '../../kernel/choose.ts';
import { expertNames } from '../../model/answer.ts';
import type { RatingsTable } from '../../ports/ratings-table.ts';
import type { Values } from '../../setting.ts';
import { prequential } from '../../stream/prequential.ts';
import type { CommandIo } from '../command.ts';
import type { kernelSetting, learnerSettings } from '../learner-settings.ts';
import { learnerSettingsOf } from '../learner-settings.ts';
import { progressBar } from '../progress.ts';
import { renderTable } from '../table.ts';
import type { holdoutSettings } from './holdout-command.ts';
import { retraining, type retrainingSettings } from './retraining.ts';

type PrequentialValues = Values<typeof learnerSettings> &
  Values<typeof kernelSetting> &
  Values<typeof retrainingSettings> &
  Pick<Values<typeof holdoutSettings>, 'models' | 'budgetSeconds'>;

export async function prequentialReport(table: RatingsTable, values: PrequentialValues, io: CommandIo) {
  const { stderr, signal } = io;
  const bar = progressBar(stderr, 'predict, then learn', table.ratings.length);
  const kernel = createKernel(values.kernel);
  const progress = { onBatch: (events: number) => bar.at(events), isStopped: () => signal.aborted };
  const again = retraining(table, kernel, values, io);
  const result = await prequential(table, learnerSettingsOf(values), kernel, systemClock, progress, again);
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
    ...(values.retrainEvery === undefined ? {} : { retrainEvery: values.retrainEvery, networks: result.networks }),
    intervalCoverageRatio: result.intervalCoverageRatio,
    intervalMeanWidth: result.intervalMeanWidth,
    eventsPerSecond: 1e6 / microsecondsPerEvent,
    microsecondsPerEvent,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

type Report = Awaited<ReturnType<typeof prequentialReport>>;

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
    ...networkRows(report),
    `second half: RMSE ${report.lastHalf.rmse.toFixed(4)}, MAE ${report.lastHalf.mae.toFixed(4)}; `,
    `${(report.intervalCoverageRatio * 100).toFixed(1)} % inside their 80 % interval\n`,
    `${Math.round(report.eventsPerSecond).toLocaleString('en')} events/s, ${Math.round(report.peakRssBytes / 2 ** 20)} MiB at the most, ${report.kernel} kernel\n`,
  ].join('');
}

/** A network answers only what came after its first training: beside it stands the blend over the same ratings. */
function networkRows({ networks, retrainEvery }: Report): string[] {
  if (networks === undefined || Object.keys(networks).length === 0) return [];
  const rows = Object.entries(networks).map(([kind, { rmse, mae, blendRmse, ratings }]) => [
    ...[kind, rmse, mae, blendRmse, ratings],
  ]);
  return [
    `networks, trained anew each ${retrainEvery ?? 0} ratings\n`,
    renderTable({ head: ['network', 'RMSE', 'MAE', 'blend there', 'ratings'], rows, digits: 4 }),
  ];
}
