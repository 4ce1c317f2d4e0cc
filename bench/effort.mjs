/**
 * Effort that follows the load, on a worker: ratings come at a calm rate, then as fast as they are taken, then calm again. What
 * was done for each rating, and how long it waited, is read from the log afterwards. Prints a table, or one JSON object with --json;
 * exit code 1 when a bar is missed.
 *
 *   npm run bench:effort [-- --calm 2000] [--seconds 20] [--json]
 *
 * Calm ratings have full effort, a flood brings it down to fast, and a calm after it back to full before it is over.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createCodec } from '../dist/adapters/avro/codec.js';
import { openEmbeddedReadOnly } from '../dist/adapters/embedded/open-embedded.js';
import { efforts } from '../dist/model/settings.js';
import { renderTable } from '../dist/cli/table.js';
import { bodiesOf, post, startWorker } from './worker.mjs';

const { values } = parseArgs({
  options: {
    calm: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const calmRate = Number(values.calm);
const seconds = Number(values.seconds);
const batchRatings = 100;
const connections = 4;

const folder = mkdtempSync(join(tmpdir(), 'freshet-effort-'));
const worker = await startWorker(folder, ['--effort', 'auto']);
const view = await openEmbeddedReadOnly(folder);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
/** More than a flood takes: none is sent twice, for it would be known by its id. */
const mostPerSecond = 60_000;
const bodies = bodiesOf(seconds * (mostPerSecond + 2 * calmRate), batchRatings);
let sent = 0;

/** `rate` 0 is as fast as they are taken; resolves when all of the phase is learned and durable. */
async function phase(name, rate) {
  const from = sent * batchRatings;
  const startMs = performance.now();
  const atMs = Date.now();
  const first = sent;
  const isOver = () => performance.now() - startMs > 1000 * seconds;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (!isOver()) {
        const number = sent++;
        const dueMs = rate === 0 ? 0 : startMs + ((number - first) * batchRatings * 1000) / rate;
        if (dueMs > performance.now()) await wait(dueMs - performance.now());
        const body = bodies[number];
        if (body === undefined) throw new Error(`more than ${mostPerSecond} ratings a second were taken: prepare more`);
        await post(agent, worker.port, body);
      }
    }),
  );
  while (view.committedOffset(0) < sent * batchRatings) await wait(20);
  return { name, from, to: sent * batchRatings, atMs, tookMs: performance.now() - startMs };
}

let phases;
const predictions = [];
try {
  phases = [await phase('calm', calmRate), await phase('flood', 0), await phase('calm again', calmRate)];
  const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
  for (let at = 0; ;) {
    const page = view.read('predictions', 0, at, 5000);
    if (page.length === 0) break;
    for (const { value } of page) {
      const { sourceOffset, predictedAtMs, effort } = codec.decodePrediction(value);
      predictions.push({ sourceOffset, predictedAtMs, effort });
    }
    at += page.length;
  }
} finally {
  agent.destroy();
  await view.close();
  await worker.stop();
  rmSync(folder, { recursive: true });
}

const results = phases.map(({ name, from, to, atMs, tookMs }) => {
  const own = predictions.filter(({ sourceOffset }) => sourceOffset >= from && sourceOffset < to);
  const shares = Object.fromEntries(
    efforts.map((effort) => [effort, own.filter((each) => each.effort === effort).length / own.length]),
  );
  const changes = own.flatMap(({ effort, predictedAtMs }, i) =>
    i > 0 && effort !== own[i - 1].effort ? [{ effort, afterMs: predictedAtMs - atMs }] : [],
  );
  return {
    name,
    ratings: own.length,
    perSecond: (1000 * own.length) / tookMs,
    shares,
    changes,
    last: own.at(-1).effort,
  };
});
const doubled = predictions.length - new Set(predictions.map(({ sourceOffset }) => sourceOffset)).size;
const lost = sent * batchRatings - (predictions.length - doubled);
const [calm, flood, again] = results;
const bars = [
  ['ratings lost, doubled', '0, 0', `${lost}, ${doubled}`, lost + doubled === 0],
  ['effort of calm ratings', 'full', calm.last, calm.last === 'full'],
  ['effort that a flood brings it down to', 'fast', flood.last, flood.last === 'fast'],
  ['effort in the end', 'full', again.last, again.last === 'full'],
];
if (values.json)
  console.log(JSON.stringify({ calmRate, seconds, lost, doubled, results, met: bars.every((bar) => bar[3]) }));
else {
  const percent = (share) => `${Math.round(100 * share)} %`;
  const told = ({ effort, afterMs }) => `${effort} after ${(afterMs / 1000).toFixed(1)} s`;
  const rows = results.map(({ name, ratings, perSecond, shares, changes }) => [
    name,
    ratings,
    Math.round(perSecond),
    ...efforts.map((effort) => percent(shares[effort])),
    changes.slice(0, 4).map(told).join(', '),
  ]);
  process.stdout.write(renderTable({ head: ['phase', 'ratings', 'a second', ...efforts, 'changes'], rows }));
  const said = bars.map(([what, asked, measured, isMet]) => [what, asked, measured, isMet ? 'yes' : 'no']);
  process.stdout.write(renderTable({ head: ['what', 'asked', 'measured', 'met'], rows: said }));
}
process.exitCode = bars.every((bar) => bar[3]) ? 0 : 1;
