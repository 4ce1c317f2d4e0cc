/**
 * What it costs in accuracy that items are learned in many places: the prequential error over 12 partitions and 3
 * workers, beside one partition and one worker, on the same ratings. Taken from the predictions that a reader of
 * committed data sees. Workers hear of each other's items a moment later, so the rate of the replay matters; the rating
 * times of the data do not. Prints a table, or one JSON object with --json.
 *
 *   npm run bench:kafka-sharing [-- --data DIR] [--brokers HOST:PORT] [--rates 500,2000] [--streams ml-100k,ml-1m] [--json]
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createCodec } from '../dist/adapters/avro/codec.js';
import { createKafka } from '../dist/adapters/kafka/connection.js';
import { createPartitionReader } from '../dist/adapters/kafka/partition-reader-kafkajs.js';
import { partitionOf } from '../dist/stream/partition-of.js';
import { benchBroker } from './kafka/broker.mjs';
import { root, startFreshet } from './kafka/processes.mjs';
import { encodedRatings } from './kafka/ratings.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: `${root}../shared/data` },
    brokers: { type: 'string' },
    rates: { type: 'string', default: '2000' },
    streams: { type: 'string', default: 'ml-100k,ml-1m' },
    partitions: { type: 'string', default: '12' },
    workers: { type: 'string', default: '3' },
    /** Words for the workers. */
    flags: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const barRatio = 1.004;
const files = { 'ml-100k': 'ml-100k/u.data', 'ml-1m': 'ml-1m/ratings_ts20pct.dat' };
const words = (text) => text.split(' ').filter((word) => word !== '');
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const { brokers, stop } = await benchBroker(values.brokers);
const connection = { brokers, clientId: 'freshet-bench', log: silent };
const kafka = createKafka(connection);
const reader = createPartitionReader(connection);
const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });

/** `rate` null is as fast as it goes. */
async function errorOf(records, partitionCount, workerCount, rate) {
  const app = `bench-sharing-${randomBytes(4).toString('hex')}`;
  const roles = ['ratings', 'predictions', 'recommendations', 'requests', 'answers', 'deadLetters', 'receipts'];
  const topics = Object.fromEntries([...roles, 'users', 'items'].map((role) => [role, `${app}-${role}`]));
  const args = [
    ...['--brokers', brokers.join(','), '--app', app, '--create-topics', '--partitions', String(partitionCount)],
    ...[
      '--topics',
      Object.entries(topics)
        .map((pair) => pair.join('='))
        .join(','),
    ],
    // One effort at every rate: only where items are learned is to differ.
    ...['--scale', '1..5', '--effort', 'balanced', ...words(values.flags)],
  ];
  const running = [];
  for (let i = 0; i < workerCount; i++) running.push(await startFreshet(args));
  const producer = kafka.producer({ maxInFlightRequests: 1 });
  await producer.connect();
  const startMs = performance.now();
  for (let sent = 0; sent < records.length;) {
    const due = rate === null ? sent + 5000 : Math.floor(((performance.now() - startMs) * rate) / 1000);
    const part = records.slice(sent, due);
    const messages = part.map((record) => ({ ...record, partition: partitionOf(record.key, partitionCount) }));
    if (messages.length > 0) await producer.send({ topic: topics.ratings, messages });
    sent += messages.length;
    if (rate !== null) await wait(5);
  }
  const sentMs = performance.now() - startMs;
  await producer.disconnect();
  let squares = 0;
  let count = 0;
  const positions = Array.from({ length: partitionCount }, () => 0);
  while (count < records.length) {
    for (let partition = 0; partition < partitionCount; partition++) {
      positions[partition] = await reader.readToEnd(
        topics.predictions,
        partition,
        positions[partition],
        ({ value }) => {
          const { prediction, rating } = codec.decodePrediction(value);
          squares += (prediction - rating) ** 2;
          count++;
        },
      );
    }
    await wait(50);
  }
  const behindMs = performance.now() - startMs - sentMs;
  await Promise.all(running.map((worker) => worker.stop()));
  return {
    rmse: Math.sqrt(squares / count),
    behindMs: Math.round(behindMs),
    rate: Math.round((1000 * count) / sentMs),
  };
}

const results = [];
for (const name of values.streams.split(',')) {
  const records = await encodedRatings(`${values.data}/${files[name]}`);
  const alone = await errorOf(records, 1, 1, null);
  process.stderr.write(`${name}: alone ${alone.rmse.toFixed(5)}\n`);
  for (const rate of values.rates.split(',').map(Number)) {
    const shared = await errorOf(records, Number(values.partitions), Number(values.workers), rate);
    process.stderr.write(
      `${name}: at ${rate}/s ${shared.rmse.toFixed(5)}, done ${shared.behindMs} ms after the last\n`,
    );
    results.push({ name, alone: alone.rmse, shared: shared.rmse, ratio: shared.rmse / alone.rmse, ...shared });
  }
}
await reader.close();
await stop();
if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'kafka-sharing', barRatio, results })}\n`);
else {
  const head = [
    'stream',
    'ratings/s',
    'RMSE alone',
    `${values.partitions} partitions, ${values.workers} workers`,
    'ratio',
    'bar',
  ];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { name, rate, alone, shared, ratio } of results) {
    table.push([name, rate, alone.toFixed(4), shared.toFixed(4), ratio.toFixed(4), barRatio]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
process.exit();
