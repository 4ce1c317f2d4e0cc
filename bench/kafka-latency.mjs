/**
 * How long a rating's prediction takes: from the moment it is handed to a producer until a reader of committed data has
 * the prediction, at a steady rate. Prints a table, or one JSON object with --json.
 *
 *   npm run bench:kafka-latency [-- --data DIR] [--brokers HOST:PORT] [--rate 1000] [--seconds 20] [--partitions 1] [--json]
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createCodec } from '../dist/adapters/avro/codec.js';
import { createKafka } from '../dist/adapters/kafka/connection.js';
import { partitionOf } from '../dist/stream/partition-of.js';
import { benchBroker } from './kafka/broker.mjs';
import { root, startFreshet } from './kafka/processes.mjs';
import { encodedRatings } from './kafka/ratings.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: `${root}../shared/data` },
    brokers: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    'warm-up-seconds': { type: 'string', default: '8' },
    partitions: { type: 'string', default: '1' },
    delivery: { type: 'string', default: 'exactly-once,at-least-once' },
    /** Words for the worker, and for its Node. */
    flags: { type: 'string', default: '' },
    node: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const rate = Number(values.rate);
const partitionCount = Number(values.partitions);
const bars = { 'exactly-once': { p50Ms: 60, p99Ms: 150 }, 'at-least-once': { p99Ms: 40 } };
/** Ratings that are sent together: producers linger a little. */
const lingerMs = 5;
const words = (text) => text.split(' ').filter((word) => word !== '');
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const { brokers, stop } = await benchBroker(values.brokers);
const kafka = createKafka({ brokers, clientId: 'freshet-bench', log: silent });
const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
const records = await encodedRatings(`${values.data}/ml-1m/ratings_ts20pct.dat`);

async function measure(delivery) {
  const app = `bench-latency-${randomBytes(4).toString('hex')}`;
  const roles = ['ratings', 'predictions', 'recommendations', 'requests', 'answers', 'deadLetters', 'receipts'];
  const topics = Object.fromEntries([...roles, 'users', 'items'].map((role) => [role, `${app}-${role}`]));
  const running = await startFreshet(
    [
      ...['--brokers', brokers.join(','), '--app', app, '--create-topics', '--partitions', values.partitions],
      ...[
        '--topics',
        Object.entries(topics)
          .map((pair) => pair.join('='))
          .join(','),
      ],
      ...['--scale', '1..5', '--delivery', delivery, ...words(values.flags)],
    ],
    words(values.node),
  );
  const sentAtMs = Array.from({ length: partitionCount }, () => []);
  const latencies = [];
  let seen = 0;
  let isWarm = false;
  const consumer = kafka.consumer({ groupId: `${app}-reader`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topics.predictions], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    async eachBatch({ batch }) {
      const nowMs = performance.now();
      for (const { value } of batch.messages) {
        const { sourcePartition, sourceOffset } = codec.decodePrediction(value);
        const sentMs = sentAtMs[sourcePartition][sourceOffset];
        seen++;
        if (isWarm && sentMs !== undefined) latencies.push(nowMs - sentMs);
      }
    },
  });
  const producer = kafka.producer({ maxInFlightRequests: 1 });
  await producer.connect();
  let sent = 0;
  async function sendFor(seconds) {
    const startMs = performance.now();
    const first = sent;
    for (;;) {
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs >= seconds * 1000) return;
      const due = first + Math.floor((elapsedMs * rate) / 1000);
      const messages = [];
      const madeAtMs = performance.now();
      while (sent < due) {
        const record = records[sent++ % records.length];
        const partition = partitionOf(record.key, partitionCount);
        // The offset is the count so far: nobody else writes here.
        sentAtMs[partition].push(madeAtMs);
        messages.push({ ...record, partition });
      }
      if (messages.length > 0) await producer.send({ topic: topics.ratings, messages });
      await wait(lingerMs);
    }
  }
  await sendFor(Number(values['warm-up-seconds']));
  isWarm = true;
  await sendFor(Number(values.seconds));
  for (let tries = 0; seen < sent && tries < 200; tries++) await wait(50);
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  await running.stop();
  if (seen !== sent) process.stderr.write(`${sent} ratings were sent and ${seen} predictions read\n`);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1));
  return { delivery, rate, measured: sorted.length, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
}

const results = [];
for (const delivery of values.delivery.split(',')) results.push(await measure(delivery));
await stop();
if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'kafka-latency', partitionCount, results })}\n`);
else {
  const head = ['delivery', 'ratings/s', 'measured', 'p50 ms', 'bar', 'p90 ms', 'p99 ms', 'bar', 'longest'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { delivery, measured, p50Ms, p90Ms, p99Ms, maxMs } of results) {
    const bar = bars[delivery];
    table.push([delivery, rate, measured, p50Ms, bar.p50Ms ?? '', p90Ms, p99Ms, bar.p99Ms ?? '', maxMs]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
process.exit();
