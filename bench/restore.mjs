/**
 * How fast a task comes back from its changelog on a real broker: a million rows, once as they were written, once from
 * a local snapshot and a tail of 1 %, once where compaction has left large holes. Prints a table, or one JSON object with
 * --json. The snapshot's time begins with opening its file; a worker reads it while it joins its group.
 *
 *   npm run bench:restore [-- --brokers HOST:PORT] [--rows N] [--row-bytes N] [--rewritten N] [--json]
 *
 * It makes topics of its own and deletes them. The bar is 150,000 rows/s, where a row is a live key, whatever else
 * has to be read to find it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { openSnapshot } from '../dist/adapters/embedded/snapshot-store.js';
import { createKafka } from '../dist/adapters/kafka/connection.js';
import { changelogValues } from '../dist/adapters/kafka/latest-values.js';
import { createLocalViews } from '../dist/adapters/kafka/local-views.js';
import { createPartitionReader } from '../dist/adapters/kafka/partition-reader-kafkajs.js';
import { restorePartition } from '../dist/adapters/kafka/restore.js';
import { benchBroker } from './kafka/broker.mjs';

const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
    'row-bytes': { type: 'string', default: '150' },
    rewritten: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const rowCount = Number(values.rows);
const rowBytes = Number(values['row-bytes']);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const { brokers, stop } = await benchBroker(values.brokers);
const connection = { brokers, clientId: 'freshet-bench', log: silent };
const kafka = createKafka(connection);
const admin = kafka.admin();
const producer = kafka.producer({ createPartitioner: () => () => 0, maxInFlightRequests: 1 });
await Promise.all([admin.connect(), producer.connect()]);
const suffix = randomBytes(4).toString('hex');
const perSend = 5000;

async function newTopic(name, settings) {
  const topic = `freshet-bench-${name}-${suffix}`;
  const configEntries = Object.entries({ 'cleanup.policy': 'compact', ...settings }).map(([key, value]) => ({
    name: key,
    value,
  }));
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, configEntries }] });
  return topic;
}

/** Rows `first`, `first + step`, ... */
async function write(topic, step = 1) {
  const value = randomBytes(rowBytes);
  for (let from = 0; from < rowCount; from += perSend * step) {
    const to = Math.min(rowCount, from + perSend * step);
    const messages = [];
    for (let row = from; row < to; row += step) messages.push({ key: `u/user-${row}`, value, partition: 0 });
    await producer.send({ topic, messages });
  }
}

async function openViews(folder, reader, topics) {
  const identity = { cluster: 'bench' };
  const views = await openSnapshot({ folder, identity, partitionCount: 1, log: silent });
  const nowMs = () => Date.now();
  const maxAgeMs = 3_600_000;
  return createLocalViews({
    views,
    reader,
    openReader: () => createPartitionReader({ ...connection, maxFetchBytes: 1024 * 1024 }),
    topics,
    partitionCount: 1,
    maxAgeMs,
    nowMs,
    log: silent,
    everyMs: 1e6,
  });
}

/** Fills a snapshot with all that the changelogs hold. */
async function fill(folder, topics) {
  const reader = createPartitionReader({ ...connection, maxFetchBytes: 1024 * 1024 });
  const startMs = performance.now();
  const views = await openViews(folder, reader, topics);
  for (const role of ['users', 'items']) await views.visit(role, 0, () => undefined);
  await views.close(600_000);
  await reader.close();
  return (performance.now() - startMs) / 1000;
}

async function measure(name, users, items, folder) {
  let fetches = 0;
  const reader = createPartitionReader({ ...connection, onFetch: () => fetches++ });
  const { start, end } = await reader.bounds(users, 0);
  let rows = 0;
  let records = 0;
  let blockedMs = 0;
  let lastMs = performance.now();
  const ticking = setInterval(() => {
    blockedMs = Math.max(blockedMs, performance.now() - lastMs - 10);
    lastMs = performance.now();
  }, 10);
  let peakBytes = 0;
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  const views = folder === undefined ? undefined : await openViews(folder, reader, { users, items });
  const { fromDisk } = await restorePartition(
    {
      latest: views ?? changelogValues(reader, { users, items }),
      topics: { users, items },
      partition: 0,
      onProgress({ topic, recordCount }) {
        if (topic === users) records = recordCount;
        peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
      },
    },
    { state: () => rows++, item: () => undefined },
  );
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(startCpu);
  clearInterval(ticking);
  await views?.close(0);
  await reader.close();
  return {
    changelog: name,
    offsets: end - start,
    rows,
    'records read': records - fromDisk,
    'from disk': fromDisk,
    fetches,
    seconds: Number(seconds.toFixed(2)),
    'cpu s': Number(((cpu.user + cpu.system) / 1e6).toFixed(2)),
    'rows/s': Math.round(rows / seconds),
    'longest block ms': Math.round(blockedMs),
    'peak MiB': Math.round(peakBytes / 2 ** 20),
  };
}

/** Closed segments are compacted; every write into a new one closes the one before. */
async function compacted(topic) {
  const reader = createPartitionReader(connection);
  for (let before = Infinity; ;) {
    let count = 0;
    await reader.readToEnd(topic, 0, 0, () => count++);
    if (count < rowCount * 1.05 || count === before) break;
    before = count;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await producer.send({ topic, messages: [{ key: 'u/user-0', value: 'roll', partition: 0 }] });
  }
  await reader.close();
}

const items = await newTopic('items', {});
const plain = await newTopic('plain', {});
await write(plain);
const results = [await measure('as written', plain, items)];
const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'));
const filledSeconds = await fill(folder, { users: plain, items });
await write(plain, 100);
results.push(await measure('snapshot, 1 % new', plain, items, folder));
rmSync(folder, { recursive: true, force: true });
process.stderr.write(`the snapshot was filled, after a restore, in ${filledSeconds.toFixed(1)} s\n`);
const eager = { 'segment.bytes': '33554432', 'segment.ms': '1000', 'min.cleanable.dirty.ratio': '0.01' };
const holes = await newTopic('holes', eager);
await write(holes);
for (let round = 0; round < Number(values.rewritten); round++) await write(holes, 2);
await compacted(holes);
results.push(await measure('with holes', holes, items));
await admin.deleteTopics({ topics: [items, plain, holes] });
await Promise.all([admin.disconnect(), producer.disconnect()]);
await stop();

if (values.json) {
  process.stdout.write(`${JSON.stringify(results)}\n`);
} else {
  const table = new Table({ head: Object.keys(results[0]) });
  for (const result of results) table.push(Object.values(result));
  process.stdout.write(`${table.toString()}\n`);
}
process.exit();
