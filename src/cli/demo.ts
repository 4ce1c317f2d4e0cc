/**
 * `freshet demo` (= `npm start`): the whole recommender in one process on a stream. Ratings go into the log of a folder
 * that is thrown away afterwards, or into topics of the demo's own; the worker predicts each, learns it and publishes, and
 * the display follows the error.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Scale } from '../model/scale.ts';
import type { LearnerSettings } from '../model/settings.ts';
import { partitionOf } from '../stream/partition-of.ts';
import type { OutputRecord } from '../ports/transport.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { demoDisplay } from './demo-display.ts';
import { demoReport, errorsAt, forPeople, type DemoReport, type ErrorPoint } from './demo-report.ts';
import type { DemoPlace } from './demo/place.ts';
import { connectionSettings, kafkaRules } from './kafka-settings.ts';
import { learnerSettings, learnerSettingsOf } from './learner-settings.ts';
import { loadRatings, ratingsSettings } from './ratings-settings.ts';
import { registrySettings } from './registry-settings.ts';

/** Ratings appended at once, and how far the log may run ahead of the worker. */
const chunkSize = 500;
const aheadLimit = 4000;
/** Between two points of the chart. */
const pointEvery = 2000;

export const demo = defineCommand({
  name: 'demo',
  summary: 'see it work: ratings stream in, predictions stream out, and the error falls below the baselines',
  positionals: {},
  settings: {
    ratings: { type: 'text', unit: 'file', doc: 'Real ratings instead of the synthetic stream.' },
    events: { type: 'integer', min: 100, max: 10_000_000, default: 100_000, doc: 'Length of the synthetic stream.' },
    ...ratingsSettings,
    ...learnerSettings,
    ...connectionSettings,
    createTopics: {
      type: 'boolean',
      doc: 'On Kafka: make the topics of the demo (APP-demo-ratings and so on) anew; those of an earlier demo are deleted.',
    },
    replicationFactor: {
      type: 'integer',
      min: 1,
      max: 16,
      doc: "Copies of a created topic; the brokers' default when not given.",
    },
    ...registrySettings,
  },
  rules: [
    ...kafkaRules,
    {
      needs: ['createTopics', 'brokers'],
      problem: ({ createTopics, brokers }) =>
        createTopics && brokers === undefined
          ? '--create-topics is for Kafka; give --brokers with it, or leave it out'
          : undefined,
    },
  ],
  examples: [
    { line: 'demo', shows: 'A synthetic stream whose best possible error is known' },
    { line: 'demo --ratings ml-100k/u.data', shows: 'The same on real ratings' },
    { line: 'demo --brokers localhost:9092 --create-topics', shows: 'The same on Kafka, exactly once' },
  ],
  async run(values, io) {
    const synthetic = values.ratings === undefined;
    const { table, expected } = synthetic ? await generate(values.events, values.seed) : await read(values, io);
    const learning = { settings: learnerSettingsOf(values), scale: table.scale };
    const place = await openPlace(values, learning, io);
    let report: DemoReport;
    try {
      report = await stream(table, expected, place, io);
    } finally {
      await place.close();
    }
    io.stdout.write(values.json ? `${JSON.stringify(report)}\n` : forPeople(report, io.stdout.isTTY === true));
    return 'fine';
  },
});

interface DemoRatings {
  readonly table: RatingsTable;
  /** Best possible prediction of each rating, where it is known. */
  readonly expected: Float32Array | null;
}

async function generate(events: number, seed: number): Promise<DemoRatings> {
  const { syntheticRatings } = await import('../adapters/synthetic/synthetic-ratings.ts');
  const table = syntheticRatings({ events, seed });
  return { table, expected: table.expected };
}

async function read(values: Parameters<typeof demo.run>[0], { stderr }: CommandIo): Promise<DemoRatings> {
  const { table } = await loadRatings(values.ratings ?? '', values, stderr);
  return { table, expected: null };
}

async function openPlace(
  values: Parameters<typeof demo.run>[0],
  learning: { readonly settings: LearnerSettings; readonly scale: Scale },
  { stderr }: CommandIo,
): Promise<DemoPlace> {
  const { createLog } = await import('../adapters/logging/log.ts');
  if (values.brokers === undefined) {
    const { demoInFolder } = await import('./demo/in-folder.ts');
    return demoInFolder({ ...learning, log: createLog('warn', stderr) });
  }
  const { demoOnKafka } = await import('./demo/on-kafka.ts');
  return demoOnKafka(values, { ...learning, log: createLog('error', stderr) });
}

async function stream(
  table: RatingsTable,
  expected: Float32Array | null,
  place: DemoPlace,
  { stdout, stderr, signal }: CommandIo,
): Promise<DemoReport> {
  const { running, partitionCount, ratingsLog } = place;
  const display = demoDisplay(stdout.isTTY === true ? stdout : stderr, table.ratings.length, expected !== null);
  const points: ErrorPoint[] = [];
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const applied = (): number =>
    partitions.reduce((sum, partition) => sum + running.serving.appliedOffset(partition), 0);
  const waitFor = async (isDone: () => boolean, look?: () => void): Promise<void> => {
    while (!isDone() && !signal.aborted) {
      await Promise.race([delay(2), running.failed]);
      look?.();
    }
  };
  try {
    await waitFor(() => running.worker.tasks.size === partitionCount);
    const startMs = performance.now();
    const look = (): void => {
      if (applied() < (points.length + 1) * pointEvery) return;
      points.push(errorsAt(applied(), running.worker, table, expected));
      display.show(points, performance.now() - startMs);
    };
    const n = table.ratings.length;
    for (let sent = 0; sent < n && !signal.aborted;) {
      const end = Math.min(n, sent + chunkSize);
      const records = recordsOf(table, sent, end, place);
      await Promise.all([...records].map(([partition, some]) => ratingsLog.append(partition, some)));
      sent = end;
      const limit = sent < n ? aheadLimit : 0;
      await waitFor(() => sent - applied() <= limit, look);
    }
    await running.worker.checkpointAll();
    display.stop();
    signal.throwIfAborted();
    return demoReport(table, expected, place, points, performance.now() - startMs);
  } finally {
    display.stop();
  }
}

function recordsOf(
  table: RatingsTable,
  start: number,
  end: number,
  { codec, partitionCount }: DemoPlace,
): Map<number, OutputRecord[]> {
  const byPartition = new Map<number, OutputRecord[]>();
  for (let event = start; event < end; event++) {
    const userId = table.users[table.userIndex[event] ?? 0] ?? '';
    const itemId = table.items[table.itemIndex[event] ?? 0] ?? '';
    const rating = table.ratings[event] ?? 0;
    const ratedAtMs = table.ratedAtMs[event] ?? 0;
    const key = codec.encodeUserKey(userId);
    const value = codec.encodeRating({ userId, itemId, rating, ratedAtMs, eventId: null, weight: 1 });
    const partition = partitionOf(key, partitionCount);
    const records = byPartition.get(partition);
    if (records === undefined) byPartition.set(partition, [{ key, value }]);
    else records.push({ key, value });
  }
  return byPartition;
}
