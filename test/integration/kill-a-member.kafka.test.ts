/** Two built workers of one group on the real broker; one of them is killed in the middle, another joins. */
import { afterEach, expect, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { killAll, tryRun, type RunningWorker } from './running-worker.ts';

const partitions = 4;
const events = 4000;
const batch = 250;
const table = syntheticRatings({ events, users: 200, items: 100 });
const codec = createCodec({ scale: table.scale, nowMs: () => Date.now() });

afterEach(killAll);

async function member(app: string): Promise<RunningWorker> {
  const topics = Object.entries<string>({ ...topicsOfApp(app) }).map(([role, name]) => `${role}=${name}`);
  const place = ['--brokers', brokers.join(','), '--app', app, '--topics', topics.join(',')];
  const started = await tryRun([...place, '--create-topics', '--partitions', String(partitions), '--scale', '0.5..5']);
  if (started.kind === 'ready') return started.worker;
  throw new Error(`freshet run ended with ${started.code ?? started.signal ?? 'nothing'}: ${started.stderr}`);
}

async function post({ url }: RunningWorker, from: number): Promise<void> {
  const entries = Array.from({ length: batch }, (_, i) => ({
    userId: table.users[table.userIndex[from + i]!],
    itemId: table.items[table.itemIndex[from + i]!],
    rating: table.ratings[from + i],
    ratedAt: table.ratedAtMs[from + i],
    eventId: `event-${from + i}`,
  }));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/ratings`, { method: 'POST', headers, body: JSON.stringify(entries) });
  expect(response.status).toBe(202);
}

describeKafka('a group of workers', () => {
  test(
    'predicts every rating exactly once when a member is killed and another joins',
    { timeout: 180_000 },
    async () => {
      const app = uniqueName('kill');
      const first = await member(app);
      const second = await member(app);
      for (let from = 0; from < events; from += batch) {
        await post(first, from);
        if (from === 1000) second.kill('SIGKILL');
        if (from === 2000) await member(app);
      }
      await awaitCommitted(brokers, topicsOfApp(app).predictions, events, 120_000);
      const predictions = (await awaitCommitted(brokers, topicsOfApp(app).predictions, events)).map(({ value }) =>
        codec.decodePrediction(value ?? new Uint8Array(0)),
      );
      expect(predictions).toHaveLength(events);
      expect(new Set(predictions.map(({ eventId }) => eventId)).size).toBe(events);
      const places = predictions.map(({ sourcePartition, sourceOffset }) => `${sourcePartition}@${sourceOffset}`);
      expect(new Set(places).size).toBe(events);
    },
  );
});
