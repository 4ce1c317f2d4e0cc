/**
 * What retraining gives to a stream: the prequential error of the three MovieLens streams by the online experts alone, and with
 * all five networks, trained anew while the stream runs, in one setting for all. The blend has to be lower by `barGain` than
 * the online one, and lower than every single expert over the ratings that it answered. Prints a table, or one JSON
 * object with --json; exit code 1 when a bar is not met. Takes about a quarter of an hour.
 *
 *   npm run bench:retraining [-- --data DIR --only NAME --every 10000 --models all --json]
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
    only: { type: 'string' },
    every: { type: 'string', default: '10000' },
    models: { type: 'string', default: 'all' },
    json: { type: 'boolean', default: false },
  },
});

const barGain = 0.003;
const streams = [
  { name: 'ml-100k', file: 'ml-100k/u.data', scale: '1..5' },
  { name: 'ml-latest-small', file: 'ml-latest-small/ratings.csv', scale: '0.5..5' },
  { name: 'ml-1m-20', file: 'ml-1m/ratings_ts20pct.dat', scale: '1..5' },
].filter(({ name, file }) => (values.only ?? name) === name && existsSync(`${values.data}/${file}`));
if (streams.length === 0) {
  process.stderr.write(`no ratings under ${values.data}: give --data DIR with ml-100k, ml-latest-small and ml-1m\n`);
  process.exit(2);
}

const evaluate = ({ file, scale }, more) => {
  const command = ['dist/main.js', 'evaluate', '--ratings', `${values.data}/${file}`, '--scale', scale, '--json'];
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 24 };
  return JSON.parse(execFileSync(process.execPath, [...command, ...more], options));
};

const results = streams.map((stream) => {
  const online = evaluate(stream, []);
  const whole = evaluate(stream, ['--retrain-every', values.every, '--models', values.models]);
  const gain = online.rmse - whole.rmse;
  const single = [
    ...Object.entries(whole.experts).filter(([name]) => name !== 'blend'),
    ...Object.entries(whole.networks),
  ].map(([name, { rmse, blendRmse = whole.rmse }]) => ({ name, rmse, blendRmse, isBelow: blendRmse < rmse }));
  const isMet = gain >= barGain && single.every(({ isBelow }) => isBelow);
  return { name: stream.name, onlineRmse: online.rmse, rmse: whole.rmse, gain, barGain, single, isMet };
});

if (values.json) process.stdout.write(`${JSON.stringify({ every: Number(values.every), streams: results })}\n`);
else {
  const head = ['stream', 'online', 'with networks', 'lower by', 'asked', 'each expert (blend there)', ''];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { name, onlineRmse, rmse, gain, single, isMet } of results) {
    const each = single.map((one) => `${one.name} ${one.rmse.toFixed(4)} (${one.blendRmse.toFixed(4)})`);
    table.push([
      ...[name, onlineRmse.toFixed(4), rmse.toFixed(4), gain.toFixed(4), barGain.toFixed(3)],
      ...[each.join('\n'), isMet ? 'fine' : 'not met'],
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
process.exitCode = results.every(({ isMet }) => isMet) ? 0 : 1;
