/**
 * The prequential error of the three MovieLens streams beside its bars, in one setting for all: predict (clipped), then
 * learn, in time order. Prints a table, or one JSON object with --json; exit code 1 when a stream is over its bar.
 *
 *   npm run build && node bench/streams.mjs [--data DIR] [--effort fast|full] [--json]
 *
 * DIR holds ml-100k, ml-latest-small and ml-1m (default ../shared/data); streams that are not there are left out.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: `${root}../shared/data` },
    effort: { type: 'string', default: 'full' },
    json: { type: 'boolean', default: false },
  },
});

const coverageBars = [0.77, 0.83];
const streams = [
  { name: 'ML-100K', file: 'ml-100k/u.data', scale: '1..5', barRmse: 0.938 },
  { name: 'ML-latest-small', file: 'ml-latest-small/ratings.csv', scale: '0.5..5', barRmse: 0.848 },
  { name: 'ML-1M 20 %', file: 'ml-1m/ratings_ts20pct.dat', scale: '1..5', barRmse: 0.938 },
].filter(({ file }) => existsSync(`${values.data}/${file}`));
if (streams.length === 0) {
  process.stderr.write(`no ratings under ${values.data}: give --data DIR with ml-100k, ml-latest-small and ml-1m\n`);
  process.exit(2);
}

const results = streams.map(({ name, file, scale, barRmse }) => {
  const args = ['--ratings', `${values.data}/${file}`, '--scale', scale, '--effort', values.effort, '--json'];
  const output = execFileSync(process.execPath, ['dist/main.js', 'evaluate', ...args], { cwd: root, encoding: 'utf8' });
  const report = JSON.parse(output);
  const covered = report.intervalCoverageRatio;
  const isOver = report.rmse > barRmse || covered < coverageBars[0] || covered > coverageBars[1];
  return { name, barRmse, isOver, ...report };
});

if (values.json) process.stdout.write(`${JSON.stringify({ effort: values.effort, coverageBars, streams: results })}\n`);
else {
  const head = ['stream', 'mean', 'bias', 'factors', 'blend', 'bar', 'MAE', 'in 80 % interval', 'µs/event', ''];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { name, experts, rmse, barRmse, mae, intervalCoverageRatio, microsecondsPerEvent, isOver } of results) {
    table.push([
      name,
      ...['mean', 'bias', 'factors'].map((expert) => experts[expert].rmse.toFixed(4)),
      rmse.toFixed(4),
      barRmse.toFixed(3),
      mae.toFixed(4),
      `${(100 * intervalCoverageRatio).toFixed(1)} %`,
      microsecondsPerEvent.toFixed(1),
      isOver ? 'over' : 'fine',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
process.exitCode = results.some(({ isOver }) => isOver) ? 1 : 0;
