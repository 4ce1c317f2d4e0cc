/** The same ratings through a folder and through Kafka, by the same composition that `freshet run` makes. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { readRatings } from '../../src/adapters/files/read-ratings.ts';
import { createPartitionReader } from '../../src/adapters/kafka/partition-reader-kafkajs.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { startEmbeddedWorker } from '../../src/cli/embedded-worker.ts';
import { startKafkaWorker } from '../../src/cli/kafka-worker.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import type { RatingsTable } from '../../src/ports/ratings-table.ts';
import type { OutputRecord, RatingsLog } from '../../src/ports/transport.ts';
import { memoryOf } from '../support/flow-state.ts';
import { silentLog } from '../support/flow-worker.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { removeFolder } from '../support/remove-folder.ts';

const movieLens = fileURLToPath(new URL('../../../shared/data/ml-100k/u.data', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'freshet-same-'));
afterAll(() => removeFolder(folder));

function setUp(table: RatingsTable, checkpointEvents: number) {
  const { scale } = table;
  const codec = createCodec({ scale, nowMs: () => Date.now() });
  const records = Array.from(table.ratings, (rating, event) => {
    const userId = table.users[table.userIndex[event]!]!;
    const itemId = table.items[table.itemIndex[event]!]!;
    const ratedAtMs = table.ratedAtMs[event]!;
    const eventId = String(event);
    return {
      key: Buffer.from(userId),
      value: codec.encodeRating({ userId, itemId, rating, ratedAtMs, eventId, weight: 1 }),
    };
  });
  const limits = { checkpointEvents, checkpointMs: 100, maxUsers: 1e6, maxItems: 1e6 };
  return { records, options: { settings: defaultSettings, scale, codec, log: silentLog, ...limits } };
}

type SetUp = ReturnType<typeof setUp>;

/** All but the time of the prediction, which is the machine's; bytes, so that equal means equal in every bit. */
const published = (values: readonly (Uint8Array | null)[], { options: { codec } }: SetUp): string[] =>
  values.map((value) => {
    const event = { ...codec.decodePrediction(value ?? new Uint8Array(0)), predictedAtMs: 0 };
    return Buffer.from(codec.encodePrediction(event)).toString('base64');
  });

async function append(log: Pick<RatingsLog, 'append'>, records: readonly OutputRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += 5000) await log.append(0, records.slice(from, from + 5000));
}

async function throughTheFolder(given: SetUp) {
  const { records, options } = given;
  const store = await openEmbedded({ folder: join(folder, `log-${records.length}`) });
  const running = await startEmbeddedWorker(store, options);
  await append(store, records);
  await expect.poll(() => store.committedOffset(0), { timeout: 60_000 }).toBe(records.length);
  const rows = memoryOf(running.worker);
  const values = store.read('predictions', 0, 0, records.length).map(({ value }) => value);
  await running.stop();
  await store.close();
  return { rows, predictions: published(values, given) };
}

async function throughKafka(given: SetUp) {
  const { records, options } = given;
  const app = uniqueName('same');
  const topics = topicsOfApp(app);
  const connection = { brokers, clientId: app, log: silentLog };
  const start = () =>
    startKafkaWorker({
      ...options,
      connection,
      topics,
      app,
      delivery: 'exactly-once',
      onLostOffset: 'stop',
      maxBacklog: records.length,
      createPartitions: 1,
    });
  const caughtUp = async ({ worker }: Awaited<ReturnType<typeof start>>, offset: number): Promise<void> =>
    expect.poll(() => worker.tasks.get(0)?.committedOffset, { timeout: 120_000 }).toBe(offset);
  const half = Math.floor(records.length / 2);
  const first = await start();
  await append(first.ratingsLog, records.slice(0, half));
  await caughtUp(first, half);
  await first.stop();
  // Another worker goes on from the changelogs.
  const second = await start();
  await append(second.ratingsLog, records.slice(half));
  await caughtUp(second, records.length);
  const rows = memoryOf(second.worker);
  const values = (await awaitCommitted(brokers, topics.predictions, records.length)).map(({ value }) => value);
  await second.stop();
  const reader = createPartitionReader(connection);
  const { end } = await reader.bounds(topics.deadLetters, 0);
  await reader.close();
  return { rows, predictions: published(values, given), deadLetters: end };
}

async function expectSameBits(table: RatingsTable, checkpointEvents: number): Promise<void> {
  const given = setUp(table, checkpointEvents);
  const [embedded, kafka] = [await throughTheFolder(given), await throughKafka(given)];
  expect(kafka.predictions).toHaveLength(given.records.length);
  expect(kafka.predictions.findIndex((bytes, offset) => bytes !== embedded.predictions[offset])).toBe(-1);
  expect(kafka.rows).toEqual(embedded.rows);
  expect(kafka.deadLetters).toBe(0);
}

describeKafka('embedded and Kafka give the same predictions and the same rows bit for bit, over a restart', () => {
  test('on a synthetic stream', () => expectSameBits(syntheticRatings({ events: 5000, users: 150, items: 80 }), 700));

  test.skipIf(!existsSync(movieLens))('on MovieLens 100K', { timeout: 240_000 }, async () => {
    const { table } = await readRatings(movieLens, { scale: { lo: 1, hi: 5 } });
    await expectSameBits(table, 4000);
  });
});
