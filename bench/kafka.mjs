/**
 * How many ratings a worker takes from Kafka, learns and commits, exactly once and with its changelogs, beside what one
 * would otherwise run: a bare kafkajs loop that writes as many messages of the same sizes and learns nothing, and a
 * Python worker of confluent-kafka and river that keeps no state. One process each, one after the other in every round,
 * on the same broker and the same ratings. Prints a table, or one JSON object with --json.
 *
 *   npm run bench:kafka [-- --data DIR] [--brokers HOST:PORT] [--rounds 5] [--partitions 1] [--effort fast] [--json]
 *
 * Measured from outside: what the group has committed, from `--warm-up` ratings on to the end.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createKafka } from '../dist/adapters/kafka/connection.js';
import { createPartitionReader } from '../dist/adapters/kafka/partition-reader-kafkajs.js';
import { partitionOf } from '../dist/stream/partition-of.js';
import { benchBroker } from './kafka/broker.mjs';
import { cpuMsOf, root, start, startFreshet } from './kafka/processes.mjs';
import { encodedRatings } from './kafka/ratings.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: `${root}../shared/data` },
    brokers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    partitions: { type: 'string', default: '1' },
    effort: { type: 'string', default: 'fast' },
    'warm-up': { type: 'string', default: '50000' },
    /** Which of freshet, bare and python take part; bare needs freshet before it. */
    only: { type: 'string', default: 'freshet,bare,python' },
    /** Inputs in a transaction of the others: the best of several. */
    'bare-transaction': { type: 'string', default: '1000' },
    'python-transaction': { type: 'string', default: '10000' },
    /** Words for the worker, and for its Node. */
    flags: { type: 'string', default: '' },
    node: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const partitionCount = Number(values.partitions);
const warmUp = Number(values['warm-up']);
const only = values.only.split(',');
const words = (text) => text.split(' ').filter((word) => word !== '');
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const packages = ['confluent-kafka==2.16.1', 'river==0.22.0', 'fastavro==1.13.1'];

function python() {
  const folder = `${root}.cache/kafka-python`;
  const stamp = `${folder}/${packages.join('-')}`;
  if (!existsSync(stamp)) {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    execFileSync(`${folder}/bin/python`, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' });
    execFileSync('touch', [stamp]);
  }
  return `${folder}/bin/python`;
}

const { brokers, stop } = await benchBroker(values.brokers);
const connection = { brokers, clientId: 'freshet-bench', log: silent };
const kafka = createKafka(connection);
const admin = kafka.admin();
const reader = createPartitionReader(connection);
await admin.connect();
const suffix = randomBytes(4).toString('hex');
const topic = `bench-ratings-${suffix}`;

async function writeRatings() {
  const records = await encodedRatings(`${values.data}/ml-1m/ratings_ts20pct.dat`);
  await createTopic(topic, {});
  const producer = kafka.producer({ maxInFlightRequests: 1 });
  await producer.connect();
  for (let from = 0; from < records.length; from += 5000) {
    const messages = records
      .slice(from, from + 5000)
      .map((record) => ({ ...record, partition: partitionOf(record.key, partitionCount) }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
  return records.length;
}

async function createTopic(name, settings) {
  const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  const asked = { topic: name, numPartitions: partitionCount, configEntries };
  await admin.createTopics({ waitForLeaders: true, topics: [asked] });
}

async function committed(groupId) {
  const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] }).catch(() => []);
  return (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

/** Between the first look at which the warm-up is over and the first at which all is done. */
async function paceOf(groupId, total, { pid }) {
  let first = null;
  for (;;) {
    const count = await committed(groupId);
    const now = { count, ms: performance.now(), cpuMs: cpuMsOf(pid) };
    if (first === null && count >= warmUp) first = now;
    if (count >= total) {
      const inputs = count - first.count;
      return {
        perSecond: Math.round((inputs * 1000) / (now.ms - first.ms)),
        cpuMicroseconds: Number(((1000 * (now.cpuMs - first.cpuMs)) / inputs).toFixed(1)),
      };
    }
    await wait(20);
  }
}

/** Messages for each input, and their mean sizes, of every topic that a worker wrote. */
async function outputsOf(topics, total) {
  const outputs = [];
  for (const name of topics) {
    const sum = { records: 0, keyBytes: 0, valueBytes: 0 };
    for (let partition = 0; partition < partitionCount; partition++) {
      const { start: from } = await reader.bounds(name, partition);
      await reader.readToEnd(name, partition, from, ({ key, value }) => {
        sum.records++;
        sum.keyBytes += key?.length ?? 0;
        sum.valueBytes += value?.length ?? 0;
      });
    }
    const mean = (bytes) => Math.round(bytes / Math.max(1, sum.records));
    outputs.push({
      topic: name,
      perInput: sum.records / total,
      keyBytes: mean(sum.keyBytes),
      valueBytes: mean(sum.valueBytes),
    });
  }
  return outputs.filter(({ perInput }) => perInput > 0);
}

const isReady = (line) => line === 'ready';
let outputs = [];
const contestants = {
  async freshet(groupId, total) {
    const names = ['predictions', 'deadLetters', 'users', 'items'].map((role) => [role, `${groupId}-${role}`]);
    const topics = Object.entries({ ratings: topic, ...Object.fromEntries(names) }).map((pair) => pair.join('='));
    const place = ['--brokers', brokers.join(','), '--app', groupId, '--topics', topics.join(','), '--create-topics'];
    const flags = ['--effort', values.effort, '--scale', '1..5', ...words(values.flags)];
    const running = await startFreshet([...place, ...flags], words(values.node));
    const pace = await paceOf(groupId, total, running);
    await running.stop();
    if (outputs.length === 0)
      outputs = await outputsOf(
        names.map(([, name]) => name),
        total,
      );
    return pace;
  },
  async bare(groupId, total) {
    const own = outputs.map((output) => ({ ...output, topic: `${groupId}-${output.topic}` }));
    for (const { topic: name } of own) await createTopic(name, {});
    const transaction = Number(values['bare-transaction']);
    const options = { brokers, groupId, topic, transaction, outputs: own };
    const running = await start(process.execPath, ['bench/kafka/bare-loop.mjs', JSON.stringify(options)], isReady);
    const pace = await paceOf(groupId, total, running);
    await running.stop();
    return pace;
  },
  async python(groupId, total) {
    const output = `${groupId}-predictions`;
    await createTopic(output, {});
    const transaction = Number(values['python-transaction']);
    const options = { brokers, groupId, topic, output, transaction, schema: 'schemas/rating-event.avsc' };
    const running = await start(python(), ['bench/kafka/river_worker.py', JSON.stringify(options)], isReady);
    const pace = await paceOf(groupId, total, running);
    await running.stop();
    return pace;
  },
};

const paces = Object.fromEntries(only.map((name) => [name, []]));
if (only.includes('python')) python();
const total = await writeRatings();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const name of only) {
    const pace = await contestants[name](`bench-${name}-${round}-${suffix}`, total);
    paces[name].push(pace);
    const { perSecond, cpuMicroseconds } = pace;
    process.stderr.write(`round ${round + 1}: ${name} ${perSecond} ratings/s, ${cpuMicroseconds} µs CPU\n`);
  }
}
await Promise.all([admin.disconnect(), reader.close()]);
await stop();

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
/** Within each round: what the machine does meanwhile falls on both. */
const ratio = (name) => median(paces.freshet.map(({ perSecond }, round) => perSecond / paces[name][round].perSecond));
const results = only.map((name) => {
  const rates = paces[name].map(({ perSecond }) => perSecond);
  return {
    name,
    median: median(rates),
    lowest: Math.min(...rates),
    highest: Math.max(...rates),
    cpuMicroseconds: median(paces[name].map(({ cpuMicroseconds }) => cpuMicroseconds)),
    freshetRatio: paces.freshet === undefined ? null : Number(ratio(name).toFixed(2)),
  };
});
if (values.json) {
  const settings = { ratings: total, warmUp, partitions: partitionCount, effort: values.effort };
  process.stdout.write(`${JSON.stringify({ bench: 'kafka', ...settings, outputs, results, paces })}\n`);
} else {
  const bars = { bare: 0.6, python: 1 };
  const head = ['', 'ratings/s', 'lowest', 'highest', 'µs CPU a rating', 'freshet : it', 'bar'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { name, median: middle, lowest, highest, cpuMicroseconds, freshetRatio } of results) {
    table.push([name, middle, lowest, highest, cpuMicroseconds, freshetRatio ?? '', bars[name] ?? '']);
  }
  process.stdout.write(`${table.toString()}\n`);
  const written = outputs.map((each) => `${each.perInput.toFixed(2)} of ${each.keyBytes + each.valueBytes} bytes`);
  process.stdout.write(`written for each rating: ${written.join(', ')}\n`);
}
process.exit();
