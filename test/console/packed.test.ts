import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from '../docs/pages.ts';

it('the packed program has every file of the console, and nothing else of its sources', () => {
  const printed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(printed) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path).filter((path) => path.startsWith('dist/console/'));
  const served = readdirSync(`${root}src/console`).filter((name) => /\.(html|css|js|svg)$/.test(name));
  expect(served.length).toBeGreaterThan(10);
  const all = [...served, 'uplot.js', 'uplot.css', 'uplot.LICENSE'];
  expect(packed.sort()).toEqual(all.map((name) => `dist/console/${name}`).sort());
});
