/**
 * The console's files are served as they are written: they go beside the compiled sources, and with them the charts of
 * uPlot with their licence, so that a worker needs no package for them.
 */
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const to = pathOf('dist/console/');
rmSync(to, { recursive: true, force: true });
cpSync(pathOf('src/console/'), to, { recursive: true, filter: (path) => !/\.d\.ts$|tsconfig\.json$/.test(path) });
for (const [file, name] of [
  ['dist/uPlot.iife.min.js', 'uplot.js'],
  ['dist/uPlot.min.css', 'uplot.css'],
  ['LICENSE', 'uplot.LICENSE'],
])
  copyFileSync(pathOf(`node_modules/uplot/${file}`), `${to}${name}`);
