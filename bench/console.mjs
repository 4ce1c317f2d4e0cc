/**
 * What a console that looks on costs the worker: ratings are learned without a viewer and with one, in turns, as fast as it
 * goes and at a steady rate. Prints asked, measured and met as a table, or one JSON object with --json. Runs on dist.
 *
 *   npm run bench:console [-- --rounds 5] [--seconds 6] [--rate 5000] [--viewers 1] [--json]
 *
 * What is asked is how many ratings a second are learned and durable; the two sides of a round begin in turn, on a worker of
 * their own, and the median of the rounds' ratios is judged. What a viewer costs in processor time is there to know.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { openEmbeddedReadOnly } from '../dist/adapters/embedded/open-embedded.js';
import { bodiesOf, median, post, round, startWorker } from './worker.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    rate: { type: 'string', default: '5000' },
    viewers: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const steadyRate = Number(values.rate);
/** What flat out is expected to be, for the number of ratings. */
const expectedRate = 25_000;
const barRatio = 0.97;
const batchRatings = 500;
const connections = 2;

/** A console that takes everything it is told; how often it was told something. */
function look(port) {
  let states = 0;
  const asked = get({ port, host: '127.0.0.1', path: '/live' }, (response) => {
    response.on('data', (bytes) => (states += bytes.includes('event: state') ? 1 : 0));
  });
  asked.on('error', () => undefined);
  return { states: () => states, leave: () => asked.destroy() };
}

/** One run; `rate` 0 is as fast as it goes. */
async function run(bodies, rate, viewers) {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-console-'));
  const worker = await startWorker(folder, ['--train-every-ratings', '0']);
  const view = await openEmbeddedReadOnly(folder);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  async function postUpTo(end) {
    const startMs = performance.now();
    const first = next;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (next < end) {
          const number = next++;
          const dueMs = rate === 0 ? 0 : startMs + ((number - first) * batchRatings * 1000) / rate;
          if (dueMs > performance.now()) await wait(dueMs - performance.now());
          await post(agent, worker.port, bodies[number]);
        }
      }),
    );
    while (view.committedOffset(0) < end * batchRatings) await wait(2);
    return performance.now() - startMs;
  }
  const looking = [];
  try {
    // The code of a new process is slow until it is compiled.
    const warmUp = Math.ceil(bodies.length / 4);
    await postUpTo(warmUp);
    for (let i = 0; i < viewers; i++) looking.push(look(worker.port));
    const cpuBefore = worker.cpuSeconds();
    const elapsedMs = await postUpTo(bodies.length);
    const ratings = (bodies.length - warmUp) * batchRatings;
    return {
      perSecond: (ratings * 1000) / elapsedMs,
      cpuMicroseconds: ((worker.cpuSeconds() - cpuBefore) * 1e6) / ratings,
      states: looking.reduce((sum, one) => sum + one.states(), 0),
    };
  } finally {
    for (const one of looking) one.leave();
    agent.destroy();
    await view.close();
    await worker.stop();
    rmSync(folder, { recursive: true });
  }
}

const measures = [
  { name: 'learned/s', of: 'perSecond', digits: 0, ratio: (without, withOne) => withOne / without, bar: barRatio },
  { name: 'CPU µs a rating', of: 'cpuMicroseconds', digits: 2, ratio: (without, withOne) => without / withOne },
];

/** A line for each measure; those without a bar are for information. */
async function compare(name, rate, count) {
  const bodies = bodiesOf(count, batchRatings);
  const rounds = [];
  for (let i = 0; i < Number(values.rounds); i++) {
    const sides = {};
    for (const viewers of i % 2 === 0 ? [0, Number(values.viewers)] : [Number(values.viewers), 0]) {
      sides[viewers === 0 ? 'without' : 'with'] = await run(bodies, rate, viewers);
    }
    if (sides.with.states === 0) throw new Error('the viewer was told nothing');
    rounds.push(sides);
    if (!values.json) process.stderr.write(`${name} ${JSON.stringify(sides)}\n`);
  }
  return measures.map(({ name: measure, of, digits, ratio: ratioOf, bar }) => {
    const side = (which) => round(median(rounds.map((sides) => sides[which][of])), digits);
    const ratio = median(rounds.map((sides) => ratioOf(sides.without[of], sides.with[of])));
    const judged = bar === undefined ? {} : { bar, met: ratio >= bar };
    return { name, measure, without: side('without'), with: side('with'), ratio: round(ratio, 4), ...judged };
  });
}

const seconds = Number(values.seconds);
const results = [
  ...(await compare('flat out', 0, expectedRate * seconds)),
  ...(await compare(`${steadyRate} ratings/s`, steadyRate, steadyRate * seconds)),
];

if (values.json) {
  console.log(JSON.stringify({ bench: 'console', cores: cpus().length, node: process.version, results }));
} else {
  const head = ['ratings come', 'what', 'without a viewer', 'with one', 'asked', 'measured', 'met'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { name, measure, without, with: withOne, ratio, bar, met } of results) {
    const judged =
      bar === undefined ? ['', '', ''] : [`>= ${100 * bar} %`, `${round(100 * ratio, 1)} %`, met ? 'yes' : 'NO'];
    table.push([name, measure, without, withOne, ...judged]);
  }
  console.log(table.toString());
}
process.exitCode = results.every(({ met }) => met !== false) ? 0 : 1;
