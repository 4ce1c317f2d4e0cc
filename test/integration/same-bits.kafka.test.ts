/** The same ratings through a folder and through Kafka, by the same composition that `freshet run` makes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { createPartitionReader } from '../../src/adapters/kafka/partition-reader-kafkajs.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { startEmbeddedWorker } from '../../src/cli/embedded-worker.ts';
import { startKafkaWorker } from '../../src/cli/kafka-worker.ts';
import type { RunningWorker } from '../../src/cli/start-worker.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import type { PredictionEvent } from '../../src/ports/events.ts';
import { silentLog } from '../support/flow-worker.ts';
import { memoryOf } from '../support/flow-state.ts';
import { brokers, describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';

const events = 5000;
const table = syntheticRatings({ events, users: 150, items: 80 });
const codec = createCodec({ scale: table.scale, nowMs: () => Date.now() });
const options = {
  settings: defaultSettings,
  scale: table.scale,
  codec,
  log: silentLog,
  checkpointEvents: 700,
  checkpointMs: 100,
  maxUsers: 1e6,
  maxItems: 1e6,
};
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

const folder = mkdtempSync(join(tmpdir(), 'freshet-same-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All but the time of the prediction, which is the machine's. */
const published = (values: readonly (Uint8Array | null)[]): Omit<PredictionEvent, 'predictedAtMs'>[] =>
  values.map((value) => ({ ...codec.decodePrediction(value ?? new Uint8Array(0)), predictedAtMs: 0 }));

const rowsOf = ({ worker }: RunningWorker): unknown => memoryOf(worker);

async function throughTheFolder() {
  const store = await openEmbedded({ folder: join(folder, 'log') });
  const running = await startEmbeddedWorker(store, options);
  await store.append(0, records);
  await expect.poll(() => store.committedOffset(0)).toBe(events);
  const rows = rowsOf(running);
  const values = store.read('predictions', 0, 0, events).map(({ value }) => value);
  await running.stop();
  await store.close();
  return { rows, predictions: published(values) };
}

async function throughKafka() {
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
      maxBacklog: 100_000,
      createPartitions: 1,
    });
  const first = await start();
  await first.ratingsLog.append(0, records.slice(0, 3000));
  await expect.poll(() => first.worker.tasks.get(0)?.committedOffset).toBe(3000);
  await first.stop();
  // Another process goes on from the changelogs.
  const second = await start();
  await second.ratingsLog.append(0, records.slice(3000));
  await expect.poll(() => second.worker.tasks.get(0)?.committedOffset).toBe(events);
  const rows = rowsOf(second);
  const values = (await awaitCommitted(brokers, topics.predictions, events)).map(({ value }) => value);
  await second.stop();
  const reader = createPartitionReader(connection);
  const { end } = await reader.bounds(topics.deadLetters, 0);
  await reader.close();
  return { rows, predictions: published(values), deadLetters: end };
}

describeKafka('embedded and Kafka', () => {
  test('give the same predictions and the same rows bit for bit, over a restart from the changelogs', async () => {
    const [embedded, kafka] = [await throughTheFolder(), await throughKafka()];
    expect(kafka.predictions).toHaveLength(events);
    expect(kafka.predictions).toEqual(embedded.predictions);
    expect(kafka.rows).toEqual(embedded.rows);
    expect(kafka.deadLetters).toBe(0);
  });
});
