/** river on a table of ratings: installed from PyPI into .cache/river once; needs python3. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const riverVersion = '0.22.0';
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The python that has river (and with it pandas). */
export function riverPython() {
  const venv = `${root}.cache/river`;
  const python = `${venv}/bin/python`;
  const mark = `${venv}/installed-${riverVersion}`;
  if (!existsSync(mark)) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', `river==${riverVersion}`], { stdio: 'inherit' });
    writeFileSync(mark, '');
  }
  return python;
}

/** Predict, then learn, clipped to the scale, in the order of the table. */
export function river(python, table, [lo, hi]) {
  const lines = Array.from(table.ratings, (rating, i) =>
    [table.users[table.userIndex[i]], table.items[table.itemIndex[i]], rating].join('\t'),
  ).join('\n');
  const run = spawnSync(python, [`${root}bench/river/reference.py`, lo, hi].map(String), {
    input: lines,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`river failed: ${run.stderr}`);
  return JSON.parse(run.stdout);
}
