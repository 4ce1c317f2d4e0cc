/**
 * What a rating is predicted with right after the effort came up again: ML-100K in time order, at full effort for 5,000 ratings
 * after 15,000 at the effort that a flood leaves, and so on, begun at eight places. Beside the same ratings by one effort throughout.
 * Prints a table, or one JSON object with --json. Takes 20 seconds.
 *
 *   npm run bench:effort-switch [-- --data DIR] [--low fast] [--low-ratings 15000] [--json]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRatings } from '../dist/adapters/files/read-ratings.js';
import { renderTable } from '../dist/cli/table.js';
import { createKernel } from '../dist/kernel/choose.js';
import { defaultSettings, efforts, withPosterior } from '../dist/model/settings.js';
import { ratingOf, ReplayedLearner } from '../dist/stream/replayed.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: fileURLToPath(new URL('../../shared/data', import.meta.url)) },
    low: { type: 'string', default: 'fast' },
    'low-ratings': { type: 'string', default: '15000' },
    json: { type: 'boolean', default: false },
  },
});
const { table } = await readRatings(`${values.data}/ml-100k/u.data`, { scale: { lo: 1, hi: 5 } });
const kernel = createKernel('auto');
const ratings = table.ratings.length;
const highRatings = 5000;
const period = highRatings + Number(values['low-ratings']);
const looksEvery = 100;

/** Squared error of every rating; the effort changes between two batches. */
function errorsWith(effortAt) {
  const replayed = new ReplayedLearner(withPosterior(defaultSettings), kernel);
  const { learner, items } = replayed;
  const errors = new Float64Array(ratings);
  for (let n = 0; n < ratings; n++) {
    if (n % looksEvery === 0) {
      learner.settle();
      learner.setEffort(effortAt(n));
    }
    const event = ratingOf(table, n);
    const { prediction } = learner.predictOne(
      learner.users.find(event.userId),
      items.find(event.itemId),
      event.seconds,
    );
    errors[n] = (prediction - event.rating) ** 2;
    replayed.take(event);
  }
  replayed.close();
  return errors;
}

/** Ratings since the effort came up. */
const buckets = [
  [0, 8],
  [8, 32],
  [32, 100],
  [100, 500],
  [500, highRatings],
];
const learnedFirst = 10_000;
const throughout = Object.fromEntries(efforts.map((effort) => [effort, errorsWith(() => effort)]));
const sums = buckets.map(() => ({ ratings: 0, again: 0, ...Object.fromEntries(efforts.map((effort) => [effort, 0])) }));
for (let shift = 0; shift < 8 * 2000; shift += 2000) {
  const since = (n) => (n + shift) % period;
  const errors = errorsWith((n) => (since(n) < highRatings ? 'full' : values.low));
  for (let n = learnedFirst; n < ratings; n++) {
    const bucket = buckets.findIndex(([from, to]) => since(n) >= from && since(n) < to);
    if (bucket < 0) continue;
    sums[bucket].ratings++;
    sums[bucket].again += errors[n];
    for (const effort of efforts) sums[bucket][effort] += throughout[effort][n];
  }
}
const result = sums.map(({ ratings: count, ...squares }, i) => ({
  ratingsSince: buckets[i],
  ratings: count,
  ...Object.fromEntries(Object.entries(squares).map(([name, sum]) => [name, Math.sqrt(sum / count)])),
}));
if (values.json) console.log(JSON.stringify({ low: values.low, period, result }));
else {
  const head = [
    'since full again',
    'ratings',
    `RMSE after ${values.low}`,
    ...efforts.map((effort) => `${effort} throughout`),
  ];
  const rows = result.map(({ ratingsSince: [from, to], ratings: count, ...errors }) => [
    `${from + 1} to ${to}`,
    count,
    ...['again', ...efforts].map((name) => errors[name].toFixed(4)),
  ]);
  process.stdout.write(renderTable({ head, rows }));
}
