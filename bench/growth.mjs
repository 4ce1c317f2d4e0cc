/**
 * What an event costs as the work grows: 10,000, 100,000 and 1,000,000 users with 100,000 items, each learned one by one after it
 * was predicted; processor time, so that what else the machine does hardly counts. Once with as many ratings for every size, and once
 * with as many for every user. Prints a table of asked, measured and met, or one JSON object with --json, and draws a plot; exit
 * code 1 when the largest costs more than twice the smallest.
 *
 *   npm run bench:growth [-- --ratings 20000000] [--per-user 20] [--users 10000,100000,1000000] [--items 100000]
 *                           [--effort balanced] [--plot FILE.svg] [--json]
 *
 * 20 million ratings of the smallest size take some six minutes and less than 1 GB. To try it: --ratings 200000 --per-user 2.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { plotOf } from './growth/plot.mjs';

const { values } = parseArgs({
  options: {
    ratings: { type: 'string', default: '20000000' },
    'per-user': { type: 'string', default: '20' },
    users: { type: 'string', default: '10000,100000,1000000' },
    items: { type: 'string', default: '100000' },
    effort: { type: 'string', default: 'balanced' },
    plot: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const barRatio = 2;
const sizes = values.users.split(',').map(Number);

function run(users, ratings) {
  const size = { users, items: Number(values.items), ratings, effort: values.effort };
  const program = fileURLToPath(new URL('growth/run.mjs', import.meta.url));
  const stdio = ['ignore', 'pipe', 'inherit'];
  return JSON.parse(execFileSync(process.execPath, [program, JSON.stringify(size)], { encoding: 'utf8', stdio }));
}

const groups = [
  { name: 'as many ratings for every size', runs: sizes.map((users) => run(users, Number(values.ratings))) },
  {
    name: `${values['per-user']} ratings for every user`,
    runs: sizes.map((users) => run(users, users * Number(values['per-user']))),
  },
].map((group) => {
  const growth = group.runs.at(-1).cpuMicrosecondsPerEvent / group.runs[0].cpuMicrosecondsPerEvent;
  return { ...group, growth, isMet: growth < barRatio };
});

if (values.plot !== '') writeFileSync(values.plot, plotOf(groups));
if (values.json) process.stdout.write(`${JSON.stringify({ ...values, barRatio, groups })}\n`);
else {
  const head = ['', 'users', 'ratings', 'µs an event', 'the last tenth', 'memory, MB', 'asked', 'measured', 'met'];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { name, runs, growth, isMet } of groups)
    runs.forEach((size, i) => {
      const isLast = i === runs.length - 1;
      table.push([
        name,
        ...[size.users, size.ratings].map((count) => count.toLocaleString('en')),
        size.cpuMicrosecondsPerEvent.toFixed(1),
        size.lastCpuMicrosecondsPerEvent.toFixed(1),
        Math.round(size.peakRssBytes / 1e6),
        ...(isLast ? [`< ${barRatio} times`, growth.toFixed(2), isMet ? 'yes' : 'no'] : ['', '', '']),
      ]);
    });
  process.stdout.write(`${table.toString()}\n`);
}
process.exitCode = groups.every(({ isMet }) => isMet) ? 0 : 1;
