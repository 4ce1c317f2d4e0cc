/**
 * Training speed beside Keras: the same networks, batches and ratings, in turns. Prints a table, or one JSON object with --json;
 * exit code 1 when a bar is missed.
 *
 *   npm run bench:keras [-- --data DIR] [--only ml-100k|ml-1m-20] [--models a,b] [--rounds 3] [--epochs 4] [--json]
 *
 * DIR holds ml-100k and ml-1m (default ../shared/data); what is not there is left out. Needs python3 with venv and pip: TensorFlow
 * comes from PyPI into ~/.cache/freshet/keras (or below $XDG_CACHE_HOME) once, 1.2 GB. Deep and residual run on tfjs-node where
 * `npm run native` has linked it, on WebAssembly otherwise. An epoch ends with its validation, where the reference has one;
 * first epochs, in which code is compiled, are left out. A figure is the mean epoch of the best round: what other processes take is nobody's.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRatings } from '../dist/adapters/files/read-ratings.js';
import { renderTable } from '../dist/cli/table.js';
import { autoencoderHyper } from '../dist/train/autoencoder.js';
import { rbmHyper } from '../dist/train/rbm.js';
import { splitRandomly } from '../dist/train/split.js';
import { deepHyper, residualHyper } from '../dist/train/trainers.js';
import { windowOf } from '../dist/train/window.js';

const tensorFlowVersion = '2.19.0';
const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: `${root}../shared/data` },
    only: { type: 'string' },
    models: { type: 'string', default: 'autoencoder,rbm,deep,residual' },
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const hyper = { autoencoder: autoencoderHyper, rbm: rbmHyper, deep: deepHyper, residual: residualHyper };
/** Ours at the most, in Keras' processor seconds. Deep and residual: .45 of Keras' speed is what a plain port has. */
const bars = { autoencoder: 0.8, rbm: 0.8, deep: 1 / 0.45, residual: 1 / 0.45 };
const sets = [
  { name: 'ml-100k', file: 'ml-100k/u.data' },
  { name: 'ml-1m-20', file: 'ml-1m/ratings_ts20pct.dat' },
].filter(({ name, file }) => (values.only ?? name) === name && existsSync(`${values.data}/${file}`));
if (sets.length === 0) {
  process.stderr.write(`no ratings under ${values.data}: give --data DIR with ml-100k and ml-1m\n`);
  process.exit(2);
}

function kerasPython() {
  const venv = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'freshet/keras');
  const python = `${venv}/bin/python`;
  const stamp = `${venv}/installed-${tensorFlowVersion}`;
  if (!existsSync(stamp)) {
    process.stderr.write(`TensorFlow ${tensorFlowVersion} goes into ${venv}\n`);
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', `tensorflow-cpu==${tensorFlowVersion}`], {
      stdio: 'inherit',
    });
    writeFileSync(stamp, '');
  }
  return python;
}

const run = (command, words) =>
  JSON.parse(
    execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 }),
  );

const python = kerasPython();
const folder = mkdtempSync(join(tmpdir(), 'freshet-keras-'));
const results = [];
for (const { name, file } of sets) {
  const { table } = await readRatings(`${values.data}/${file}`, { scale: { lo: 1, hi: 5 } });
  const { rest, heldOut } = splitRandomly(windowOf(table), 0.05, 1);
  const columns = ({ users, items, ratings }) => ({ users: [...users], items: [...items], ratings: [...ratings] });
  const data = join(folder, `${name}.json`);
  const sizes = { users: rest.userIds.length, items: rest.itemIds.length };
  writeFileSync(data, JSON.stringify({ ...sizes, hyper, train: columns(rest), validation: columns(heldOut) }));
  for (const kind of values.models.split(',')) {
    const rounds = Array.from({ length: Number(values.rounds) }, () => ({
      ours: run(process.execPath, [`${root}bench/keras/ours.mjs`, data, kind, values.epochs]),
      keras: run(python, [`${root}bench/keras_reference.py`, data, kind, values.epochs]),
    }));
    const [ours, keras] = ['ours', 'keras'].map((who) => {
      const of = rounds.map((round) => round[who]);
      const least = (figure) => Math.min(...of.map((round) => round[figure]));
      return { backend: of[0].backend, cpuSeconds: least('cpuSeconds'), seconds: least('seconds') };
    });
    const cpuRatio = ours.cpuSeconds / keras.cpuSeconds;
    results.push({ data: name, kind, ours, keras, cpuRatio, asked: bars[kind], met: cpuRatio <= bars[kind] });
    if (!values.json) process.stderr.write(`${name} ${kind}: ${cpuRatio.toFixed(2)}\n`);
  }
}
rmSync(folder, { recursive: true, force: true });
if (values.json) process.stdout.write(`${JSON.stringify({ results })}\n`);
else {
  const head = [
    'data',
    'model',
    'backend',
    'CPU s an epoch',
    'Keras',
    'asked',
    'ratio',
    'met',
    'wall s',
    'Keras wall s',
  ];
  const rows = results.map(({ data, kind, ours, keras, cpuRatio, asked, met }) => [
    ...[data, kind, ours.backend, ours.cpuSeconds.toFixed(3), keras.cpuSeconds.toFixed(3)],
    ...[`<= ${asked.toFixed(2)}`, cpuRatio.toFixed(2), met ? 'yes' : 'no'],
    ...[ours.seconds.toFixed(3), keras.seconds.toFixed(3)],
  ]);
  process.stdout.write(renderTable({ head, rows }));
}
process.exitCode = results.every(({ met }) => met) ? 0 : 1;
