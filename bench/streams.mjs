/**
 * The prequential error of the three MovieLens streams, and the pace, beside their bars, in one setting for all: predict (clipped), then
 * learn, in time order. Prints a table, or one JSON object with --json; exit code 1 when a stream is over its bar.
 *
 *   npm run bench:streams -- [--data DIR] [--effort fast|balanced|full] [--json]
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
    effort: { type: 'string', default: 'balanced' },
    json: { type: 'boolean', default: false },
  },
});

const coverageBars = [0.77, 0.83];
/** Of the mean width of ŷ ± z σ at balanced effort, which covers as many: measured in the version before ratings were its ends. */
const widthBarRatio = 0.95;
/** Events a second on a core that is not busy otherwise. */
const paceBar = { full: 20_000, balanced: 60_000, fast: 400_000 }[values.effort];
const streams = [
  {
    name: 'ML-100K',
    file: 'ml-100k/u.data',
    scale: '1..5',
    formerWidth: 2.194,
    barRmses: { full: 0.913, balanced: 0.938, fast: 0.954 },
  },
  {
    name: 'ML-latest-small',
    file: 'ml-latest-small/ratings.csv',
    scale: '0.5..5',
    formerWidth: 1.964,
    barRmses: { full: 0.832, balanced: 0.848, fast: 0.868 },
  },
  {
    name: 'ML-1M 20 %',
    file: 'ml-1m/ratings_ts20pct.dat',
    scale: '1..5',
    formerWidth: 2.207,
    barRmses: { full: 0.936, balanced: 0.938, fast: 0.955 },
  },
].filter(({ file }) => existsSync(`${values.data}/${file}`));
if (streams.length === 0) {
  process.stderr.write(`no ratings under ${values.data}: give --data DIR with ml-100k, ml-latest-small and ml-1m\n`);
  process.exit(2);
}

const results = streams.map(({ name, file, scale, barRmses, formerWidth }) => {
  const barRmse = barRmses[values.effort];
  const args = ['--ratings', `${values.data}/${file}`, '--scale', scale, '--effort', values.effort, '--json'];
  const output = execFileSync(process.execPath, ['dist/main.js', 'evaluate', ...args], { cwd: root, encoding: 'utf8' });
  const report = JSON.parse(output);
  const covered = report.intervalCoverageRatio;
  const isSlow = name === 'ML-100K' && report.eventsPerSecond < paceBar;
  const isWide = report.intervalMeanWidth > widthBarRatio * formerWidth;
  const isOff = covered < coverageBars[0] || covered > coverageBars[1];
  const isOver = report.rmse > barRmse || isOff || isWide || isSlow;
  return { name, barRmse, formerWidth, isOver, ...report };
});

if (values.json) process.stdout.write(`${JSON.stringify({ effort: values.effort, coverageBars, streams: results })}\n`);
else {
  const head = [
    'stream',
    'mean',
    'bias',
    'factors',
    'blend',
    'bar',
    'MAE',
    'in 80 % interval',
    'its width',
    'former',
    'µs/event',
    '',
  ];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { name, experts, rmse, barRmse, mae, microsecondsPerEvent, isOver, ...interval } of results) {
    table.push([
      name,
      ...['mean', 'bias', 'factors'].map((expert) => experts[expert].rmse.toFixed(4)),
      rmse.toFixed(4),
      barRmse.toFixed(3),
      mae.toFixed(4),
      `${(100 * interval.intervalCoverageRatio).toFixed(1)} %`,
      interval.intervalMeanWidth.toFixed(2),
      interval.formerWidth.toFixed(2),
      microsecondsPerEvent.toFixed(1),
      isOver ? 'over' : 'fine',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
process.exitCode = results.some(({ isOver }) => isOver) ? 1 : 0;
