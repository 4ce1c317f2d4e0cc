/** `freshet evaluate`: how well the learner predicts a file of ratings, each before it is learned. */
import { systemClock } from '../adapters/system/clock.ts';
import { createKernel } from '../kernel/choose.ts';
import { expertNames } from '../model/learner.ts';
import { prequential } from '../stream/prequential.ts';
import { defineCommand } from './command.ts';
import { kernelSetting, learnerSettings, learnerSettingsOf } from './learner-settings.ts';
import { progressBar } from './progress.ts';
import { loadRatings, ratingsSettings } from './ratings-settings.ts';
import { renderTable } from './table.ts';

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'predict every rating of a file in time order, then learn it, and tell the error',
  positionals: {},
  settings: {
    ratings: { type: 'text', unit: 'file', required: true, doc: 'File with the ratings.' },
    ...ratingsSettings,
    ...learnerSettings,
    ...kernelSetting,
  },
  examples: [
    { line: 'evaluate --ratings u.data', shows: 'The error of every expert on MovieLens 100K' },
    {
      line: 'evaluate --ratings my.csv --columns user=customer,item=sku,rating=stars --json',
      shows: 'Own columns, for machines',
    },
  ],
  async run(values, { stdout, stderr, signal }) {
    const { table } = await loadRatings(values.ratings, values, stderr);
    const bar = progressBar(stderr, 'predict, then learn', table.ratings.length);
    const kernel = createKernel(values.kernel);
    const result = prequential(table, learnerSettingsOf(values), kernel, systemClock, {
      onBatch: (events) => bar.at(events),
      isStopped: () => signal.aborted,
    });
    bar.stop();
    signal.throwIfAborted();
    const microsecondsPerEvent = (result.elapsedMs * 1000) / result.ratings;
    const report = {
      protocol: 'prequential',
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
    stdout.write(values.json ? `${JSON.stringify(report)}\n` : forPeople(report));
    return 'fine';
  },
});

interface Report {
  readonly ratings: number;
  readonly users: number;
  readonly items: number;
  readonly scale: readonly number[];
  readonly kernel: string;
  readonly lastHalf: { readonly rmse: number; readonly mae: number };
  readonly experts: Readonly<Record<string, { readonly rmse: number; readonly mae: number }>>;
  readonly intervalCoverageRatio: number;
  readonly eventsPerSecond: number;
  readonly peakRssBytes: number;
}

const meaning: Readonly<Record<string, string>> = {
  mean: 'baseline: the mean so far',
  bias: 'baseline: mean, item bias, user level',
  factors: 'biases and factors',
  blend: 'the published prediction',
};

function forPeople(report: Report): string {
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
