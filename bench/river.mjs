/**
 * Freshet beside river (the online-learning library people would otherwise pick), on the same ratings in the same run:
 * predict, then learn, in time order, clipped to the scale. Prints a table, or one JSON object with --json.
 *
 *   npm run bench:river [-- --data DIR] [--json]
 *
 * DIR holds ml-100k, ml-latest-small and ml-1m (default ../shared/data). Needs python3; river is installed from PyPI
 * into .cache/river once.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { readRatings } from '../dist/adapters/files/read-ratings.js';
import { river, riverPython } from './river/run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { data: { type: 'string', default: `${root}../shared/data` }, json: { type: 'boolean', default: false } },
});

const streams = [
  { name: 'ML-100K', file: 'ml-100k/u.data', scale: [1, 5], barRmse: 0.938 },
  { name: 'ML-latest-small', file: 'ml-latest-small/ratings.csv', scale: [0.5, 5], barRmse: 0.848 },
  { name: 'ML-1M 20 %', file: 'ml-1m/ratings_ts20pct.dat', scale: [1, 5], barRmse: 0.938 },
];

function freshet(file, [lo, hi], effort) {
  const args = ['dist/main.js', 'evaluate', '--ratings', file, '--scale', `${lo}..${hi}`, '--effort', effort, '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
}

const python = riverPython();
const results = [];
for (const { name, file, scale, barRmse } of streams) {
  const path = `${values.data}/${file}`;
  if (!existsSync(path)) continue;
  const [lo, hi] = scale;
  const { table: ratings } = await readRatings(path, { scale: { lo, hi } });
  const theirs = river(python, ratings, scale);
  const full = freshet(path, scale, 'full');
  const fast = freshet(path, scale, 'fast');
  results.push({ name, barRmse, river: theirs, full, fast });
}
if (results.length === 0) {
  console.error(`no ratings under ${values.data}: give --data DIR with ml-100k, ml-latest-small and ml-1m`);
  process.exit(1);
}

if (values.json) console.log(JSON.stringify(results));
else {
  const table = new Table({
    head: [
      'stream',
      'river BiasedMF',
      'river Baseline',
      'freshet',
      'bar',
      'ratio',
      'fast',
      'river own evaluation, ev/s',
      'river bare loop',
      'full',
      'fast',
      'fast : own',
      'fast : loop',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, barRmse, river: theirs, full, fast } of results) {
    table.push([
      name,
      theirs.biasedMf.rmse.toFixed(4),
      theirs.baseline.rmse.toFixed(4),
      full.rmse.toFixed(4),
      barRmse.toFixed(3),
      (full.rmse / theirs.biasedMf.rmse).toFixed(3),
      fast.rmse.toFixed(4),
      ...[
        theirs.progressiveValidationEventsPerSecond,
        theirs.biasedMf.eventsPerSecond,
        full.eventsPerSecond,
        fast.eventsPerSecond,
      ].map((rate) => Math.round(rate).toLocaleString('en')),
      (fast.eventsPerSecond / theirs.progressiveValidationEventsPerSecond).toFixed(1),
      (fast.eventsPerSecond / theirs.biasedMf.eventsPerSecond).toFixed(1),
    ]);
  }
  console.log(table.toString());
}
