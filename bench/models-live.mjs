/**
 * What a stream notices of its networks: a worker on a folder takes ratings at a steady rate, first left alone, then while
 * every network is trained, promoted, exchanged for a former version and rolled back, and then while its trainings are killed.
 * Everything is read from the log afterwards. Prints a table, or one JSON object with --json; exit code 1 when a bar is missed.
 *
 *   npm run bench:models-live [-- --rate 5000] [--seconds 15] [--kills 20] [--kinds a,b] [--budget 8] [--json]
 *
 * The wait is from the moment a rating was posted to its prediction; the gap, between two predictions on either side of an
 * exchange of networks. Where the machine is a virtual one, the time that its host gave to others meanwhile is told beside them:
 * with more than a few percent of it the waits are the host's.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createCodec } from '../dist/adapters/avro/codec.js';
import { openEmbeddedReadOnly } from '../dist/adapters/embedded/open-embedded.js';
import { createModelReader } from '../dist/adapters/models/model-store.js';
import { syntheticRatings } from '../dist/adapters/synthetic/synthetic-ratings.js';
import { renderTable } from '../dist/cli/table.js';
import { networkKinds } from '../dist/model/networks/kinds.js';
import { trainableKinds } from '../dist/train/trainers.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '15' },
    kills: { type: 'string', default: '20' },
    kinds: { type: 'string', default: trainableKinds.join(',') },
    /** Seconds of a training. */
    budget: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const rate = Number(values.rate);
const idleMs = 1000 * Number(values.seconds);
const kills = Number(values.kills);
const kinds = values.kinds.split(',').filter((kind) => networkKinds.includes(kind));
const batchMs = 20;
const batchRatings = Math.round((rate * batchMs) / 1000);

const folder = mkdtempSync(join(tmpdir(), 'freshet-models-live-'));
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const flags = [
  '--data',
  folder,
  '--http-port',
  '0',
  '--train-every-ratings',
  '0',
  '--train-budget',
  values.budget,
  '--scale',
  '0.5..5',
];
const child = spawn(process.execPath, [main, 'run', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
const lines = [];
const port = await new Promise((resolve) => {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { msg, httpPort } = JSON.parse(line);
    lines.push(line);
    if (msg === 'ready') resolve(httpPort);
  });
});
const url = `http://127.0.0.1:${port}`;

const table = syntheticRatings({ seed: 9, events: 300_000, users: 6000, items: 2500 });
let sent = 0;
let accepted = 0;

/** Posts the next ratings; over again where the worker has too many. */
async function post(count) {
  const body = Array.from({ length: count }, () => {
    const i = sent % table.ratings.length;
    return JSON.stringify({
      userId: table.users[table.userIndex[i]],
      itemId: table.items[table.itemIndex[i]],
      rating: table.ratings[i],
      ratedAt: Date.now(),
      eventId: `e${sent++}`,
    });
  }).join('\n');
  for (;;) {
    const answer = await fetch(`${url}/ratings`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body,
    });
    const told = await answer.json();
    if (answer.status === 202) return void (accepted += told.accepted);
    if (answer.status !== 429 && answer.status !== 503) throw new Error(JSON.stringify(told));
    await wait(100);
  }
}

/** Every rating once, as fast as they are taken: the state then grows no more, and all phases find the same. */
async function fill() {
  while (sent < table.ratings.length) await Promise.all([post(1000), post(1000), post(1000)]);
}

/** Posts at the rate, whatever the answers take, until it is stopped. */
function startFeed() {
  const underWay = new Set();
  const startMs = performance.now();
  const before = sent;
  const timer = setInterval(() => {
    while (sent - before < (rate * (performance.now() - startMs)) / 1000) {
      const posting = post(batchRatings).finally(() => underWay.delete(posting));
      underWay.add(posting);
    }
  }, batchMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

const recordOf = async (kind) => (await (await fetch(`${url}/models`)).json()).models.find((one) => one.kind === kind);
const tell = async (path) => (await fetch(`${url}/models/${path}`, { method: 'POST' })).json();

async function until(holds, what) {
  for (const endMs = performance.now() + 120_000; performance.now() < endMs; await wait(200)) {
    const found = await holds();
    if (found) return found;
  }
  throw new Error(`it never came true that ${what}`);
}

/** Trains once more; resolves with the version. */
async function train(kind) {
  const before = (await recordOf(kind)).events.length;
  await tell(`${kind}/train`);
  const record = await until(async () => {
    const now = await recordOf(kind);
    const isOver = now.training === null && now.request === null;
    return isOver && now.events.slice(before).some(({ outcome }) => ['trained', 'failed'].includes(outcome)) && now;
  }, `${kind} is trained`);
  const failure = record.events.slice(before).find(({ outcome }) => outcome === 'failed');
  if (failure) throw new Error(`${kind}: ${failure.reason}`);
  return record.versions.at(-1).version;
}

async function serve(kind, version) {
  if ((await recordOf(kind)).serving !== version) await tell(`${kind}/promote?version=${version}`);
  await wait(500);
}

const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
/** Without the pages of the log, which the system keeps as long as it likes. */
const ownMiB = (pid) => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function killTrainings() {
  const [kind] = kinds;
  const outcomes = [];
  for (let n = 0; n < kills; n++) {
    const before = (await recordOf(kind)).events.length;
    await tell(`${kind}/train`);
    const [pid] = await until(() => childrenOf(child.pid).length > 0 && childrenOf(child.pid), 'a training runs');
    await wait(Math.random() * 2500);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was quicker.
    }
    const events = await until(async () => {
      const { events: now, training } = await recordOf(kind);
      return training === null && now.length > before && now.slice(before);
    }, 'the training is over');
    outcomes.push(events[0].outcome);
  }
  return outcomes;
}

/** Time of all processors since the start, and the part of it that a host gave to others. */
function processorTime() {
  const times = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/).slice(1, 9).map(Number);
  return { total: times.reduce((sum, time) => sum + time, 0), stolen: times[7] };
}

const phases = {};
const phase = async (name, work) => {
  const fromMs = Date.now();
  const before = processorTime();
  const result = await work();
  const after = processorTime();
  const stolenPercent = (100 * (after.stolen - before.stolen)) / (after.total - before.total);
  phases[name] = { fromMs, toMs: Date.now(), stolenPercent };
  return result;
};

await fill();
const feed = startFeed();
// The effort comes back from the flood a step in five seconds: idle is to have the one of what follows.
await phase('warm up', () => wait(20_000));
await phase('idle', () => wait(idleMs));
await phase('networks', async () => {
  for (const kind of kinds) {
    const first = await train(kind);
    await serve(kind, first);
    const second = await train(kind);
    await serve(kind, second);
    await tell(`${kind}/roll-back`);
    await wait(500);
  }
});
const memoryBefore = ownMiB(child.pid);
const killed = await phase('kills', killTrainings);
await wait(1000);
await feed.stop();
const view = await openEmbeddedReadOnly(folder);
await until(() => view.committedOffset(0) >= accepted, 'all is processed');
const memory = { beforeMiB: memoryBefore, afterMiB: ownMiB(child.pid) };
const processesLeft = childrenOf(child.pid).length;
const models = createModelReader(view.models);
const halfWritten = [];
for (const kind of kinds) {
  const noted = new Set((await models.record(kind)).versions.map(({ version }) => version));
  for (const version of await models.versions(kind)) {
    if (!noted.has(version)) halfWritten.push(version);
    await models.artifact(kind, version);
  }
}
child.kill('SIGTERM');

// What the log says.
const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
const predictions = [];
for (let at = 0; ;) {
  const page = view.read('predictions', 0, at, 5000);
  if (page.length === 0) break;
  for (const { value } of page) {
    const { sourceOffset, predictedAtMs, ratedAtMs, modelVersions } = codec.decodePrediction(value);
    predictions.push({
      sourceOffset,
      predictedAtMs,
      waitMs: predictedAtMs - ratedAtMs,
      versions: JSON.stringify(modelVersions),
    });
  }
  at += page.length;
}
await view.close();
const percentile = (numbers, p) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(p * numbers.length))];
const of = (name) =>
  predictions.filter(({ predictedAtMs }) => predictedAtMs >= phases[name].fromMs && predictedAtMs <= phases[name].toMs);
const waits = (name) => of(name).map(({ waitMs }) => waitMs);
const seen = new Set(predictions.map(({ sourceOffset }) => sourceOffset));
let gapMs = 0;
let exchanges = 0;
for (let n = 1; n < predictions.length; n++) {
  if (predictions[n].versions === predictions[n - 1].versions) continue;
  exchanges++;
  for (let near = Math.max(1, n - batchRatings); near < Math.min(predictions.length, n + batchRatings); near++) {
    gapMs = Math.max(gapMs, predictions[near].predictedAtMs - predictions[near - 1].predictedAtMs);
  }
}
const idle = of('idle');
let idleGapMs = 0;
for (let n = 1; n < idle.length; n++) {
  idleGapMs = Math.max(idleGapMs, idle[n].predictedAtMs - idle[n - 1].predictedAtMs);
}
const firstServed = predictions.findIndex(({ versions }) => versions !== '{}');
const result = {
  rate,
  kinds,
  sent,
  accepted,
  predictions: predictions.length,
  lost: accepted - seen.size,
  doubled: predictions.length - seen.size,
  exchanges,
  withoutVersion: predictions.slice(firstServed).filter(({ versions }) => versions === '{}').length,
  gapAroundExchangeMs: gapMs,
  gapWhenIdleMs: idleGapMs,
  p99Ms: Object.fromEntries(['idle', 'networks', 'kills'].map((name) => [name, percentile(waits(name), 0.99)])),
  p50Ms: Object.fromEntries(['idle', 'networks', 'kills'].map((name) => [name, percentile(waits(name), 0.5)])),
  stolenPercent: Object.fromEntries(Object.entries(phases).map(([name, { stolenPercent }]) => [name, stolenPercent])),
  kills: {
    outcomes: killed.reduce((counts, outcome) => ({ ...counts, [outcome]: (counts[outcome] ?? 0) + 1 }), {}),
    halfWritten,
    processesLeft,
    memory,
  },
};
rmSync(folder, { recursive: true, force: true });
const { p99Ms } = result;
const wholesome = result.lost + result.doubled + result.withoutVersion === 0;
/** What, asked, measured, met; '' where nothing is asked. */
const rows = [
  ['ratings posted, accepted', '', `${sent}, ${accepted}`, ''],
  [
    'lost, doubled, without a version',
    '0, 0, 0',
    `${result.lost}, ${result.doubled}, ${result.withoutVersion}`,
    wholesome,
  ],
  ['exchanges of networks', '', exchanges, ''],
  ['longest gap between predictions, idle', '', `${idleGapMs} ms`, ''],
  ['the same around an exchange', '< 100 ms', `${gapMs} ms`, gapMs < 100],
  ['p99 rating to prediction, idle', '', `${p99Ms.idle} ms`, ''],
  [
    'the same while networks are trained',
    `< ${2 * p99Ms.idle} ms`,
    `${p99Ms.networks} ms`,
    p99Ms.networks < 2 * p99Ms.idle,
  ],
  ...(kills === 0 ? [] : ofKills()),
  ['processor time that the host gave to others, idle and then', '', stolen('idle', 'networks'), ''],
];

function stolen(...names) {
  return names.map((name) => `${result.stolenPercent[name].toFixed(1)} %`).join(', ');
}

function ofKills() {
  const left = halfWritten.length + processesLeft;
  return [
    ['the same while trainings are killed', '', `${p99Ms.kills} ms`, ''],
    ['trainings killed', '', JSON.stringify(result.kills.outcomes), ''],
    ['half-written versions, processes left', '0, 0', `${halfWritten.length}, ${processesLeft}`, left === 0],
    ['memory before and after the kills', '', `${memory.beforeMiB.toFixed(0)}, ${memory.afterMiB.toFixed(0)} MiB`, ''],
  ];
}

result.met = rows.every(([, , , met]) => met !== false);
if (values.json) console.log(JSON.stringify(result));
else {
  const said = rows.map(([what, asked, measured, met]) => [
    what,
    asked,
    measured,
    met === '' ? '' : met ? 'yes' : 'no',
  ]);
  process.stdout.write(renderTable({ head: ['what', 'asked', 'measured', 'met'], rows: said }));
}
process.exit(result.met ? 0 : 1);
