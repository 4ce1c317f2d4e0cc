/**
 * The accuracy of networks on parts that nothing was chosen by, beside their bars: ML-100K u1.base / u1.test and ML-1M, a
 * random tenth. Prints a table, or one JSON object with --json; exit code 1 when something is over its bar.
 *
 *   npm run build && node bench/holdout.mjs [--data DIR] [--only ml-100k|ml-1m] [--models a,b] [--json]
 *
 * DIR holds ml-100k and ml-1m (default ../shared/data); what is not there is left out. A network may train for 2 minutes on
 * ML-100K and for 10 on ML-1M, as the bars say; the backend is told with each.
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
    models: { type: 'string', default: 'all' },
    json: { type: 'boolean', default: false },
  },
});

const sets = [
  {
    name: 'ml-100k',
    file: 'ml-100k/u1.base',
    words: ['--test-file', `${values.data}/ml-100k/u1.test`, '--budget-seconds', '120'],
    bars: { embedding: 0.92, deep: 0.935, residual: 0.935, autoencoder: 0.93, rbm: 0.925, blend: 0.905 },
  },
  {
    name: 'ml-1m',
    file: 'ml-1m/ratings_nots.dat',
    words: ['--test-ratio', '0.1', '--budget-seconds', '600'],
    bars: { embedding: 0.845, deep: 0.87, residual: 0.87, autoencoder: 0.845, rbm: 0.872, blend: 0.832 },
  },
].filter(({ name, file }) => (values.only ?? name) === name && existsSync(`${values.data}/${file}`));
if (sets.length === 0) {
  process.stderr.write(`no ratings under ${values.data}: give --data DIR with ml-100k and ml-1m\n`);
  process.exit(2);
}

const results = sets.map(({ name, file, words, bars }) => {
  const args = ['evaluate', '--protocol', 'holdout', '--ratings', `${values.data}/${file}`, '--scale', '1..5'];
  const command = ['dist/main.js', ...args, ...words, '--models', values.models, '--seed', '1', '--json'];
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const report = JSON.parse(execFileSync(process.execPath, command, options));
  // The bar of the blend is for all of them.
  const judged = Object.entries(values.models === 'all' ? { ...report.models, blend: report.blend } : report.models);
  const isOver = judged.some(([kind, { rmse }]) => rmse > bars[kind]);
  return { name, bars, isOver, ...report };
});

if (values.json) process.stdout.write(`${JSON.stringify({ sets: results })}\n`);
else {
  const head = ['data', 'model', 'RMSE', 'bar', 'MAE', 'training', 'µs/prediction', ''];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { name, bars, baselines, models, blend } of results) {
    for (const [kind, { rmse, mae }] of Object.entries(baselines)) {
      table.push([name, kind, rmse.toFixed(4), '', mae.toFixed(4), '', '', 'baseline']);
    }
    for (const [kind, model] of Object.entries({ ...models, blend })) {
      const training =
        model.backend === undefined
          ? ''
          : `${model.epochs} epochs, ${model.trainSeconds.toFixed(1)} s, ${model.backend}`;
      const each = model.microsecondsPerPrediction?.toFixed(2) ?? '';
      const verdict = model.rmse > bars[kind] ? 'over' : 'fine';
      table.push([
        name,
        kind,
        model.rmse.toFixed(4),
        bars[kind].toFixed(3),
        model.mae.toFixed(4),
        training,
        each,
        verdict,
      ]);
    }
  }
  process.stdout.write(`${table.toString()}\n`);
}
process.exitCode = results.some(({ isOver }) => isOver) ? 1 : 0;
