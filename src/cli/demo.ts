/**
 * `freshet demo` (= `npm start`): the whole recommender in one process on a stream. Ratings go into the log of a folder
 * that is thrown away afterwards, the worker predicts each, learns it and publishes, and the display follows the error.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RatingsTable } from '../ports/ratings-table.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { demoDisplay } from './demo-display.ts';
import { demoReport, errorsAt, forPeople, type ErrorPoint } from './demo-report.ts';
import { learnerSettings, learnerSettingsOf } from './learner-settings.ts';
import { loadRatings, ratingsSettings } from './ratings-settings.ts';

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
  },
  examples: [
    { line: 'demo', shows: 'A synthetic stream whose best possible error is known' },
    { line: 'demo --ratings ml-100k/u.data', shows: 'The same on real ratings' },
  ],
  async run(values, io) {
    const synthetic = values.ratings === undefined;
    const { table, expected } = synthetic ? await generate(values.events, values.seed) : await read(values, io);
    const folder = mkdtempSync(join(tmpdir(), 'freshet-demo-'));
    try {
      const report = await stream(table, expected, folder, learnerSettingsOf(values), io);
      io.stdout.write(values.json ? `${JSON.stringify(report)}\n` : forPeople(report, io.stdout.isTTY === true));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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

async function stream(
  table: RatingsTable,
  expected: Float32Array | null,
  folder: string,
  settings: ReturnType<typeof learnerSettingsOf>,
  { stdout, stderr, signal }: CommandIo,
) {
  const [{ createLog }, { createCodec }, { openEmbedded }, { startEmbeddedWorker }] = await Promise.all([
    import('../adapters/logging/log.ts'),
    import('../adapters/avro/codec.ts'),
    import('../adapters/embedded/open-embedded.ts'),
    import('./embedded-worker.ts'),
  ]);
  const codec = createCodec({ scale: table.scale, nowMs: () => Date.now() });
  const store = await openEmbedded({ folder });
  const caps = { checkpointEvents: 4000, checkpointMs: 100, maxUsers: 5_000_000, maxItems: 2_000_000 };
  const embedded = await startEmbeddedWorker(store, {
    ...caps,
    settings,
    scale: table.scale,
    codec,
    log: createLog('warn', stderr),
  });
  const display = demoDisplay(stdout.isTTY === true ? stdout : stderr, table.ratings.length, expected !== null);
  const points: ErrorPoint[] = [];
  const startMs = performance.now();
  const applied = (): number => embedded.serving.appliedOffset(0);
  const look = (): void => {
    if (applied() < (points.length + 1) * pointEvery) return;
    points.push(errorsAt(applied(), embedded.worker, table, expected));
    display.show(points, performance.now() - startMs);
  };
  /** Until the worker is at most `limit` ratings behind `sent`; shows how far it is meanwhile. */
  const waitWithin = async (sent: number, limit: number): Promise<void> => {
    while (sent - applied() > limit && !signal.aborted) {
      await Promise.race([delay(2), embedded.failed]);
      look();
    }
  };
  try {
    const n = table.ratings.length;
    for (let sent = 0; sent < n && !signal.aborted;) {
      const end = Math.min(n, sent + chunkSize);
      await store.append(0, recordsOf(table, sent, end));
      sent = end;
      await waitWithin(sent, sent < n ? aheadLimit : 0);
    }
    await embedded.worker.checkpointAll();
    display.stop();
    signal.throwIfAborted();
    return demoReport(table, expected, embedded, store, codec, points, performance.now() - startMs);
  } finally {
    display.stop();
    await embedded.stop();
    await store.close();
  }

  function recordsOf(from: RatingsTable, start: number, end: number): { key: Uint8Array; value: Uint8Array }[] {
    return Array.from({ length: end - start }, (_, i) => {
      const event = start + i;
      const userId = from.users[from.userIndex[event] ?? 0] ?? '';
      const itemId = from.items[from.itemIndex[event] ?? 0] ?? '';
      const rating = from.ratings[event] ?? 0;
      const ratedAtMs = from.ratedAtMs[event] ?? 0;
      const value = codec.encodeRating({ userId, itemId, rating, ratedAtMs, eventId: null, weight: 1 });
      return { key: Buffer.from(userId), value };
    });
  }
}
