/**
 * What processes take before there are rows: a worker and a trainer on empty topics, and a trainer while it trains on a full
 * window, its training process with it. Resident memory, the program's own pages counted once. Linux alone tells it.
 * Prints a table, or one JSON object with --json.
 *
 *   npm run bench:process-memory [-- --ratings 1000000] [--kinds embedding,deep] [--budget 30] [--json]
 *
 * On a broker of its own. The sizes in docs/deploy/sizing.md are from here.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createCodec } from '../dist/adapters/avro/codec.js';
import { createKafka } from '../dist/adapters/kafka/connection.js';
import { syntheticRatings } from '../dist/adapters/synthetic/synthetic-ratings.js';
import { partitionOf } from '../dist/stream/partition-of.js';
import { benchBroker } from './kafka/broker.mjs';
import { startFreshet } from './kafka/processes.mjs';

const { values } = parseArgs({
  options: {
    ratings: { type: 'string', default: '1000000' },
    kinds: { type: 'string', default: 'embedding,deep' },
    budget: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
});
const ratingCount = Number(values.ratings);
const partitions = 4;
const settleMs = 5000;
/** What docs/deploy/sizing.md and the chart's requests plan with. */
const bars = { worker: 200, trainer: 250 };

const { brokers, stop } = await benchBroker();
const place = ['--brokers', brokers.join(','), '--scale', '0.5..5'];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** MiB of a process and all below it: what each has for itself, and the first one's pages of files (Node's program) once. */
function memoryOf(pid, withFiles = true) {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kilobytes = Number(new RegExp(`^${withFiles ? 'Rss' : 'Anonymous'}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + memoryOf(child, false), kilobytes / 1024);
  } catch {
    return 0; // it has just ended
  }
}

async function idle(flags) {
  const process = await startFreshet([...place, ...flags]);
  await wait(settleMs);
  const measured = memoryOf(process.pid);
  return { process, measured };
}

async function writeRatings() {
  const table = syntheticRatings({ seed: 9, events: ratingCount, users: ratingCount / 10, items: ratingCount / 100 });
  const codec = createCodec({ scale: { lo: 0.5, hi: 5 }, nowMs: () => Date.now() });
  const producer = createKafka({ brokers, clientId: 'freshet-bench', log: silent }).producer({
    maxInFlightRequests: 1,
  });
  await producer.connect();
  for (let from = 0; from < ratingCount; from += 5000) {
    const messages = Array.from({ length: Math.min(5000, ratingCount - from) }, (_, at) => {
      const i = from + at;
      const [userId, itemId] = [table.users[table.userIndex[i]], table.items[table.itemIndex[i]]];
      const ratedAtMs = Number(table.ratedAtMs[i]);
      const key = Buffer.from(codec.encodeUserKey(userId));
      const event = { userId, itemId, rating: table.ratings[i], ratedAtMs, eventId: null, weight: 1 };
      return { key, value: Buffer.from(codec.encodeRating(event)), partition: partitionOf(key, partitions) };
    });
    await producer.send({ topic: 'ratings', messages });
  }
  await producer.disconnect();
}

/** The most that trainer and training take together. */
async function whileTraining(kind) {
  const flags = ['--role', 'trainer', '--train', kind, '--train-every-ratings', '0', '--train-budget', values.budget];
  const trainer = await startFreshet([...place, ...flags]);
  const url = `http://127.0.0.1:${JSON.parse(trainer.ready).httpPort}`;
  const asked = await fetch(`${url}/models/${kind}/train`, { method: 'POST' });
  if (!asked.ok) throw new Error(`${kind} is not trained: ${await asked.text()}`);
  const over = new RegExp(`^freshet_model_events_total\\{[^}]*outcome="(trained|kept|failed)"[^}]*\\} [1-9]`, 'm');
  let most = 0;
  let metrics = '';
  while (!over.test(metrics)) {
    for (let look = 0; look < 10; look++, await wait(100)) most = Math.max(most, memoryOf(trainer.pid));
    metrics = await fetch(`${url}/metrics`).then((response) => response.text());
  }
  await trainer.stop();
  if (/outcome="failed"[^}]*\} [1-9]/.test(metrics)) throw new Error(`the training of ${kind} failed`);
  return most;
}

const results = [];
const add = (name, measured, bar) =>
  results.push({ name, mebibytes: Math.round(measured), ...(bar === undefined ? {} : { bar, met: measured <= bar }) });
const worker = await idle(['--role', 'worker', '--create-topics', '--partitions', String(partitions)]);
add('worker, empty topics', worker.measured, bars.worker);
await worker.process.stop();
const trainer = await idle(['--role', 'trainer']);
add('trainer, empty topics', trainer.measured, bars.trainer);
await trainer.process.stop();
await writeRatings();
for (const kind of values.kinds.split(',')) {
  add(`trainer and training, ${kind}, ${ratingCount} ratings`, await whileTraining(kind));
}
await stop();

if (values.json) {
  console.log(JSON.stringify({ bench: 'process-memory', node: process.version, results }));
} else {
  const table = new Table({
    head: ['process', 'MiB', 'asked', 'met'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, mebibytes, bar, met } of results) {
    table.push([name, mebibytes, bar === undefined ? '' : `<= ${bar}`, met === undefined ? '' : met ? 'yes' : 'NO']);
  }
  console.log(table.toString());
}
process.exitCode = results.every(({ met }) => met !== false) ? 0 : 1;
process.exit();
