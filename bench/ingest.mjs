/**
 * How many ratings `freshet run` takes in over HTTP until all of it is learned and durable, and how long one who asks for
 * a prediction waits meanwhile. Prints a table, or one JSON object with --json. Runs on dist.
 *
 *   npm run bench:ingest [-- --effort balanced,fast] [--repeat 3] [--ratings N] [--rate N] [--json]
 *
 * Each effort runs twice: as fast as it goes, and at the rate of the bar (or --rate), where the waiting counts. The
 * client posts batches of 1,000 over two connections, made beforehand; one thread asks for single predictions. A second's
 * worth of ratings comes before, unmeasured: the code of a new process is slow until it is compiled.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import Table from 'cli-table3';
import { openEmbeddedReadOnly } from '../dist/adapters/embedded/open-embedded.js';
import { bodiesOf, median, post, round, startWorker } from './worker.mjs';

const { values } = parseArgs({
  options: {
    effort: { type: 'string', default: 'balanced,fast' },
    repeat: { type: 'string', default: '3' },
    ratings: { type: 'string' },
    rate: { type: 'string' },
    'probe-rate': { type: 'string', default: '200' },
    /** Words for the worker, such as "--checkpoint-events 4000". */
    flags: { type: 'string', default: '' },
    /** Words for its Node, such as --node="--cpu-prof". */
    node: { type: 'string', default: '' },
    /** Only as fast as it goes, or only at the rate. */
    mode: { type: 'string', default: 'flood,paced' },
    json: { type: 'boolean', default: false },
  },
});
const bars = { balanced: { rate: 12_000, p99Ms: 2 }, fast: { rate: 30_000, p99Ms: 2 } };
const batchRatings = 1000;
const connections = 2;
const secondsPerRun = 10;

const words = (text) => text.split(' ').filter((word) => word !== '');

/** One run; `rate` 0 is as fast as it goes. */
async function ingest(effort, bodies, rate) {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'));
  const worker = await startWorker(folder, ['--effort', effort, ...words(values.flags)], words(values.node));
  const view = await openEmbeddedReadOnly(folder);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const workerData = { port: worker.port, rate: Number(values['probe-rate']) };
  const prober = new Worker(new URL('ingest-prober.mjs', import.meta.url), { workerData });
  await once(prober, 'message');
  let next = 0;
  let refused = 0;
  /** Posts up to a batch and waits until it is learned and durable; resolves with the milliseconds to both. */
  async function postUpTo(end) {
    const startMs = performance.now();
    const first = next;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (next < end) {
          const number = next++;
          const dueMs = rate === 0 ? 0 : startMs + ((number - first) * batchRatings * 1000) / rate;
          if (dueMs > performance.now()) await wait(dueMs - performance.now());
          refused += await post(agent, worker.port, bodies[number]);
        }
      }),
    );
    const acceptedMs = performance.now() - startMs;
    while (view.committedOffset(0) < end * batchRatings) await wait(5);
    return { acceptedMs, learnedMs: performance.now() - startMs };
  }
  try {
    const warmUp = Math.ceil(bodies.length / (secondsPerRun + 1));
    await postUpTo(warmUp);
    prober.postMessage('count');
    const { acceptedMs, learnedMs } = await postUpTo(bodies.length);
    prober.postMessage('stop');
    const [waits] = await once(prober, 'message');
    const perSecond = (elapsedMs) => ((bodies.length - warmUp) * batchRatings * 1000) / elapsedMs;
    return { accepted: perSecond(acceptedMs), learned: perSecond(learnedMs), refused, ...waits };
  } finally {
    await prober.terminate();
    agent.destroy();
    await view.close();
    await worker.stop();
    rmSync(folder, { recursive: true });
  }
}

const results = [];
for (const effort of values.effort.split(',')) {
  const barRate = bars[effort].rate;
  const rate = values.rate === undefined ? barRate : Number(values.rate);
  const count = Math.ceil(Number(values.ratings ?? rate * (secondsPerRun + 1)) / batchRatings) * batchRatings;
  const bodies = bodiesOf(count, batchRatings);
  for (const mode of values.mode.split(',')) {
    const runs = [];
    for (let i = 0; i < Number(values.repeat); i++) {
      runs.push(await ingest(effort, bodies, mode === 'flood' ? 0 : rate));
      if (!values.json) process.stderr.write(`${effort} ${mode}: ${JSON.stringify(runs.at(-1))}\n`);
    }
    const of = (name, digits) => round(median(runs.map((run) => run[name])), digits);
    results.push({
      effort,
      rate: mode === 'flood' ? null : rate,
      ratings: count,
      acceptedPerSecond: of('accepted'),
      learnedPerSecond: of('learned'),
      learnedPerSecondWorst: round(Math.min(...runs.map((run) => run.learned))),
      refused: of('refused'),
      waitMs: { p50: of('p50Ms', 2), p99: of('p99Ms', 2), max: of('maxMs', 2) },
      asked: of('asked'),
      bar: mode === 'flood' ? { learnedPerSecond: barRate } : { waitP99Ms: bars[effort].p99Ms },
    });
  }
}

if (values.json) {
  console.log(JSON.stringify({ bench: 'ingest', cores: cpus().length, node: process.version, results }));
} else {
  const head = ['effort', 'offered/s', 'learned/s', 'worst', 'bar', '429', 'wait p50 ms', 'p99', 'max', 'bar'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { effort, rate, learnedPerSecond, learnedPerSecondWorst, bar, refused, waitMs } of results) {
    const bar1 = bar.learnedPerSecond ?? '';
    const row = [effort, rate ?? 'all', learnedPerSecond, learnedPerSecondWorst, bar1, refused];
    table.push([...row, waitMs.p50, waitMs.p99, waitMs.max, bar.waitP99Ms ?? '']);
  }
  console.log(table.toString());
}
