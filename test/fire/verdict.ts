/** What must hold after whatever happened: read from the topics, and asked of the workers that are there. */
import { expect } from 'vitest';
import { startKafkaWorker } from '../../src/cli/kafka-worker.ts';
import { itemField, userField } from '../../src/model/row-layout.ts';
import { defaultSettings, efforts, withPosterior } from '../../src/model/settings.ts';
import type { Prediction } from '../../src/ports/events.ts';
import { parseItemRecord } from '../../src/adapters/kafka/changelog.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import type { RunningWorker } from '../integration/running-worker.ts';
import { silentLog } from '../support/flow-worker.ts';
import { readCommitted, type CommittedRecord } from '../support/kafka/read-committed.ts';
import { codec, scale } from './feed.ts';
import type { Group } from './group.ts';

const k = defaultSettings.k;

/** By partition and offset of its rating. */
export interface Predicted {
  readonly place: string;
  readonly partition: number;
  readonly committedAtMs: number;
}

const placeOf = (partition: number, offset: number): string => `${partition}@${offset}`;

export async function predictionsOf({ brokers, topics }: Group): Promise<Predicted[]> {
  return (await readCommitted(brokers, topics.predictions)).map(({ value, partition, timestampMs }) => {
    const { sourcePartition, sourceOffset } = codec.decodePrediction(value!);
    return { place: placeOf(sourcePartition, sourceOffset), partition, committedAtMs: timestampMs };
  });
}

/** Exactly one prediction for every rating, and in the changelogs every rating counted once. Returns the ratings' number. */
export async function expectExactlyOnce(group: Group): Promise<number> {
  const { brokers, topics } = group;
  const ratings = await readCommitted(brokers, topics.ratings);
  const places = ratings.map(({ partition, offset }) => placeOf(partition, offset));
  expectSame(
    'predictions by offset',
    (await predictionsOf(group)).map(({ place }) => place),
    places,
  );
  const decoded = ratings.map(({ value }) => codec.decodeRating(value!));
  const users = latest(await readCommitted(brokers, topics.users), 'u/');
  const counted = [...users].map(
    ([id, [value]]) => `${id}: ${codec.decodeUserRow(value!).values[k + userField.sequence]}`,
  );
  expectSame('ratings by user in the changelog', counted, counts(decoded.map(({ userId }) => userId)));
  // A rating that the feed sent twice takes the place of the first.
  const raters = [...new Set(decoded.map(({ userId, itemId }) => `${itemId} ${userId}`))];
  const items = latest(await readCommitted(brokers, topics.items), 'i/');
  const weights = [...items].map(([id, values]) => {
    const sum = values.reduce((total, value) => total + contribution(value)[k + itemField.weightSum]!, 0);
    return `${id}: ${Math.round(sum * 1000) / 1000}`;
  });
  expectSame(
    'ratings by item in the changelog',
    weights,
    counts(raters.map((pair) => pair.slice(0, pair.indexOf(' ')))),
  );
  return ratings.length;
}

const contribution = (value: Uint8Array): Float32Array =>
  codec.decodeItemContribution(parseItemRecord(value).afterImage).values;

/** The last value of each key by partition, of keys with this beginning, which is cut off. */
function latest(records: readonly CommittedRecord[], prefix: string): Map<string, Uint8Array[]> {
  const last = new Map<string, Uint8Array>();
  for (const { partition, key, value } of records) {
    if (key?.startsWith(prefix) !== true) continue;
    if (value === null) last.delete(`${partition} ${key}`);
    else last.set(`${partition} ${key}`, value);
  }
  const byId = new Map<string, Uint8Array[]>();
  for (const [place, value] of last) {
    const id = place.slice(place.indexOf(' ') + 1 + prefix.length);
    byId.set(id, [...(byId.get(id) ?? []), value]);
  }
  return byId;
}

function counts(ids: readonly string[]): string[] {
  const found = new Map<string, number>();
  for (const id of ids) found.set(id, (found.get(id) ?? 0) + 1);
  return [...found].map(([id, count]) => `${id}: ${count}`);
}

/** As multisets; what differs is said, not two lists of a hundred thousand. */
function expectSame(what: string, found: readonly string[], expected: readonly string[]): void {
  const tally = new Map<string, number>();
  for (const one of expected) tally.set(one, (tally.get(one) ?? 0) + 1);
  for (const one of found) tally.set(one, (tally.get(one) ?? 0) - 1);
  const differing = [...tally].filter(([, count]) => count !== 0).sort();
  const missing = differing.filter(([, count]) => count > 0).map(([one]) => one);
  const surplus = differing.filter(([, count]) => count < 0).map(([one]) => one);
  expect({
    what,
    count: found.length,
    missing: missing.length,
    surplus: surplus.length,
    examples: [missing.slice(0, 5), surplus.slice(0, 5)],
  }).toEqual({ what, count: expected.length, missing: 0, surplus: 0, examples: [[], []] });
}

/**
 * The law of conservation on every worker: what it answers is what a process answers that has just read all changelogs,
 * and whose items are their initial values and the sums of all tasks' contributions.
 */
export async function expectSameView(group: Group, workers: readonly RunningWorker[], users: number): Promise<void> {
  // Two efforts answer differently from the same rows. Without ratings every task comes back to full, and stores it.
  await expect
    .poll(async () => new Set((await Promise.all(workers.map(effortsOf))).flat()), { timeout: 60_000 })
    .toEqual(new Set([efforts.indexOf('full')]));
  const fresh = await startKafkaWorker({
    settings: withPosterior(defaultSettings),
    scale,
    codec,
    log: silentLog,
    checkpointEvents: 4000,
    checkpointMs: 100,
    maxUsers: Infinity,
    maxItems: Infinity,
    maxBacklog: 1e9,
    connection: { brokers: group.brokers, clientId: 'fire-verdict', log: silentLog },
    topics: group.topics,
    // Of its own: it takes nothing from anybody, has nothing to learn and writes nothing.
    app: `${group.app}-verdict`,
    delivery: 'exactly-once',
    onLostOffset: 'stop',
  });
  try {
    await expectSums(group, fresh.worker.items);
    const held = await Promise.all(workers.map(partitionsOf));
    expect(held.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: group.partitionCount }, (_, i) => i));
    const worst: Record<string, number> = {};
    for (const [index, worker] of workers.entries()) {
      for (const partition of held[index]!) {
        const known = userIn(partition, group.partitionCount, (n) => `user-${n % users}`);
        const cold = userIn(partition, group.partitionCount, (n) => `nobody-${n}`);
        const items = Array.from({ length: 12 }, (_, i) => `item-${(partition * 41 + i * 13) % 200}`);
        for (const [userId, itemId] of [known, cold].flatMap((user) => items.map((item) => [user, item] as const))) {
          const apart = differences(await ask(worker, userId, itemId), fresh.serving.predict(userId, itemId));
          for (const [part, by] of Object.entries(apart)) worst[part] = Math.max(worst[part] ?? 0, by);
        }
      }
    }
    // Mean and stack are told to a task when it learns the next time: an idle one answers with those of a moment ago.
    const { prediction = 0, mean = 0, ...rows } = worst;
    expect({ prediction, mean }, 'apart in what is shared').toSatisfy(() => Math.max(prediction, mean) < 0.05);
    expect(rows, 'apart in rows').toSatisfy(() => Math.max(...Object.values(rows)) < 1e-4);
  } finally {
    await fresh.stop();
  }
}

/** Items of a view against the sums of the last after-images. */
async function expectSums(
  { brokers, topics }: Group,
  items: Awaited<ReturnType<typeof startKafkaWorker>>['worker']['items'],
): Promise<void> {
  const row = new Float32Array(items.cells);
  let worst = 0;
  const stored = latest(await readCommitted(brokers, topics.items), 'i/');
  for (const [id, values] of stored) {
    items.read(items.find(id), row);
    for (const field of [itemField.residualSum, itemField.weightSum]) {
      const sum = values.reduce((total, value) => total + contribution(value)[k + field]!, 0);
      worst = Math.max(worst, Math.abs(row[k + field]! - sum) / Math.max(1, Math.abs(sum)));
    }
  }
  expect(items.size).toBe(stored.size);
  expect(worst).toBeLessThan(1e-4);
}

function userIn(partition: number, partitionCount: number, name: (n: number) => string): string {
  for (let n = 0; ; n++) {
    if (partitionOf(Buffer.from(name(n)), partitionCount) === partition) return name(n);
  }
}

export const partitionsOf = (worker: RunningWorker): Promise<number[]> =>
  numbersIn(worker, /^freshet_committed_offset\{partition="(\d+)"\}/gm);

const effortsOf = (worker: RunningWorker): Promise<number[]> => numbersIn(worker, /^freshet_effort\{.*\} (\d)/gm);

/** What the pattern finds in a worker's metrics. */
async function numbersIn({ url }: RunningWorker, pattern: RegExp): Promise<number[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(pattern)].map(([, number]) => Number(number));
}

async function ask({ url }: RunningWorker, userId: string, itemId: string): Promise<Prediction> {
  const response = await fetch(`${url}/users/${userId}/predictions/${itemId}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Prediction;
}

/** How far two answers are apart, part by part. */
function differences(found: Prediction, expected: Prediction): Record<string, number> {
  const { mean, userBias, itemBias, interaction } = found.parts;
  return {
    prediction: Math.abs(found.prediction - expected.prediction),
    mean: Math.abs(mean - expected.parts.mean),
    userBias: Math.abs(userBias - expected.parts.userBias),
    itemBias: Math.abs(itemBias - expected.parts.itemBias),
    interaction: Math.abs(interaction - expected.parts.interaction),
  };
}
