/** Trainings in a process of their own beside an open data folder: what comes of them, and of those that go wrong. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { createModelStore } from '../../src/adapters/models/model-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createChildTrainer } from '../../src/adapters/trainer/child-trainer.ts';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { decodeArtifact } from '../../src/model/networks/artifact.ts';
import type { ModelRecord, ModelStore } from '../../src/ports/models.ts';
import type { TrainingResult } from '../../src/ports/trainer.ts';
import { freshRecord, promoted, requested } from '../../src/stream/model-record.ts';
import { Retraining, type RetrainingOptions } from '../../src/stream/retraining.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { silentLog } from '../support/flow-worker.ts';
import { items, putVersion, truth, users } from '../support/models/versions.ts';

const scale = { lo: 1, hi: 5 };
const codec = createCodec({ scale, nowMs: () => Date.now() });
const program = new URL('../support/models/training-program.mjs', import.meta.url);
const kind = 'embedding' as const;

/** The nineteenth field of /proc/PID/task/TID/stat, the second of which is a name in brackets. */
const nicenessOfThreads = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });

interface Place {
  readonly fault?: 'nan' | 'memory' | 'crash' | 'hang' | 'infinite' | 'shuffled';
  readonly epochMs?: number;
  readonly mark?: string;
}

describe('a training', () => {
  const newFolder = tempFolders();
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function folderWith(ratings: number): Promise<{ folder: string; store: EmbeddedStore; models: ModelStore }> {
    const folder = newFolder();
    const store = await openEmbedded({ folder, maxBacklog: Infinity });
    open.push(() => store.close());
    await rateAtRandom(store, ratings);
    return { folder, store, models: createModelStore(store.models) };
  }

  function trainerOn(folder: string, place: Place = {}, heapMegabytes = 500) {
    const trainer = createChildTrainer({ program, place: { folder, scale, ...place }, heapMegabytes });
    open.push(() => trainer.stop());
    return trainer;
  }

  function retraining(
    { folder, store, models }: { folder: string; store: EmbeddedStore; models: ModelStore },
    place: Place = {},
    more: Partial<RetrainingOptions> & { readonly heapMegabytes?: number } = {},
  ): Retraining {
    const trainings = new Retraining({
      kinds: [kind],
      store: models,
      trainer: trainerOn(folder, place, more.heapMegabytes),
      triggers: { everyRatings: 0, everyMs: 0 },
      ratingsLogged: async () => store.end('ratings', 0),
      clock: systemClock,
      log: silentLog,
      telemetry: { modelEvent: () => undefined, training: () => undefined, swapped: () => undefined },
      trainerName: 'here',
      drawSeed: () => 7,
      ...more,
    });
    open.push(() => trainings.stop());
    return trainings;
  }

  /** As if the last training was promoted at once. */
  const promote = (models: ModelStore): Promise<ModelRecord | null> =>
    models.update(kind, (record) => record && promoted(record, record.versions.at(-1)!.version, 1, 'by hand'));

  test('reads the log, trains, is judged and shadows; its artifact says where it comes from', async () => {
    const place = await folderWith(3000);
    const record = (await retraining(place).train(kind, 'asked for'))!;
    expect(record).toMatchObject({ serving: null, training: null, trainedUpTo: 3000, shadow: { as: 'candidate' } });
    expect(record.events.map(({ outcome }) => outcome)).toEqual(['trained', 'shadowing']);
    const [note] = record.versions;
    expect(note).toMatchObject({ backend: 'by-hand', epochs: 3, heldOut: { against: null } });
    expect(note!.heldOut.rmse).toBeLessThan(0.7);
    const { manifest } = decodeArtifact((await place.models.artifact(kind, note!.version))!);
    expect(manifest).toMatchObject({ kind, version: note!.version, seed: 7, offsets: { '0': 3000 } });
    expect(manifest.hyperParameters).toEqual({ sweeps: 10 });
    expect(manifest.evaluation['rmse']).toBeCloseTo(note!.heldOut.rmse, 9);
  });

  test('keeps what serves when the candidate is no better, or is worse, and drops no artifact that is in use', async () => {
    const place = await folderWith(3000);
    await retraining(place).train(kind, 'asked for');
    const serving = (await promote(place.models))!.serving;
    for (const fault of [undefined, 'shuffled'] as const) {
      const record = (await retraining(place, fault ? { fault } : {}).train(kind, 'asked for'))!;
      expect(record).toMatchObject({ serving, shadow: null });
      expect(record.events.at(-1)).toMatchObject({
        outcome: 'kept',
        reason: expect.stringContaining('not surely better'),
      });
      expect(record.versions.at(-1)!.heldOut.against).toBe(serving);
    }
    expect(await place.models.versions(kind)).toContain(serving);
  });

  test('knows of no withdrawn rating, of no forgotten user, and of the last rating of a pair', async () => {
    const { folder, store, models } = await folderWith(3000);
    const tell = (userId: string, itemId: string, rating: number | null) => ({
      key: Buffer.from(userId),
      value: codec.encodeRating({ userId, itemId, rating, ratedAtMs: Date.now(), eventId: null, weight: 1 }),
    });
    const told = [
      tell('gone', 'i1', 5),
      tell('back', 'i1', 5),
      tell('only', 'withdrawn', 5),
      tell('only', 'withdrawn', null),
    ];
    await store.append(0, [
      ...told,
      { key: Buffer.from('gone'), value: null },
      { key: Buffer.from('back'), value: null },
    ]);
    await store.append(0, [tell('back', 'i2', 4), { key: null, value: Buffer.from('no rating') }]);
    const record = (await retraining({ folder, store, models }).train(kind, 'asked for'))!;
    const { userIds, itemIds } = decodeArtifact((await models.artifact(kind, record.versions[0]!.version))!);
    expect(userIds).toContain('back');
    expect(userIds).not.toContain('gone');
    expect(userIds).not.toContain('only');
    expect(itemIds).not.toContain('withdrawn');
  });

  test.each([
    ['whose loss is no number', { fault: 'nan' }, 'the loss is NaN'],
    ['that runs out of memory', { fault: 'memory' }, 'out of memory'],
    ['whose process crashes', { fault: 'crash' }, 'ended by SIGABRT'],
    ['whose numbers are not finite', { fault: 'infinite' }, 'finite'],
  ] satisfies [string, Place, string][])('%s fails, says why, and leaves what serves', async (_, place, reason) => {
    const there = await folderWith(1000);
    await putVersion(there.models, 'good', 0, (record) => promoted(record, 'good', 1, 'by hand'));
    const before = (await there.models.record(kind))!;
    const after = (await retraining(there, place, { heapMegabytes: 60 }).train(kind, 'asked for'))!;
    expect(after).toMatchObject({
      serving: before.serving,
      shadow: before.shadow,
      training: null,
      versions: before.versions,
    });
    expect(after.events.at(-1)).toMatchObject({
      outcome: 'failed',
      version: null,
      reason: expect.stringContaining(reason),
    });
  });

  test('on too few ratings to hold some out fails and says so', async () => {
    const record = (await retraining(await folderWith(40)).train(kind, 'asked for'))!;
    expect(record.events).toMatchObject([{ outcome: 'failed', reason: expect.stringContaining('too few') }]);
  });

  test('whose artifact has no room fails and says so, and the log takes ratings all the same', async () => {
    const place = await folderWith(1000);
    const full = createModelStore({
      ...place.store.models,
      write: (changes) =>
        changes.some(({ value }) => (value?.length ?? 0) > 1000)
          ? Promise.reject(new Error('no space left on device'))
          : place.store.models.write(changes),
    });
    const record = (await retraining({ ...place, models: full }).train(kind, 'asked for'))!;
    expect(record.events).toMatchObject([{ outcome: 'failed', reason: expect.stringContaining('no space left') }]);
    expect(await place.models.versions(kind)).toEqual([]);
    await rateAtRandom(place.store, 10);
    expect(place.store.end('ratings', 0)).toBe(1010);
  });

  test('goes on without a record that says so, when not even that can be written', async () => {
    const place = await folderWith(1000);
    let failures = 0;
    const broken: ModelStore = {
      ...place.models,
      put: () => Promise.reject(new Error('no space left on device')),
      update: (name, change) =>
        place.models.update(name, (record) => {
          const next = change(record);
          if (next !== null && next.training === null) throw new Error('no space left on device');
          return next;
        }),
    };
    const telemetry = { modelEvent: () => failures++, training: () => undefined, swapped: () => undefined };
    expect(await retraining({ ...place, models: broken }, {}, { telemetry }).train(kind, 'asked for')).toBeNull();
    expect(failures).toBe(1);
  });

  test('is left to the trainer that claimed it; one that is gone is taken over from', async () => {
    const place = await folderWith(1000);
    const other = { version: 'theirs', trainer: 'elsewhere', startedAtMs: 0, progress: firstProgressOfTests };
    const claim = (aliveAtMs: number) =>
      place.models.update(kind, (record) => ({ ...(record ?? freshRecord(kind)), training: { ...other, aliveAtMs } }));
    await claim(Date.now());
    const trainings = retraining(place);
    expect((await trainings.train(kind, 'asked for'))!.training).toMatchObject({ trainer: 'elsewhere' });
    expect(await place.models.versions(kind)).toEqual([]);
    await claim(Date.now() - 120_000);
    expect((await trainings.train(kind, 'asked for'))!.events[0]).toMatchObject({ outcome: 'trained' });
  });

  test('whose claim was taken over meanwhile stores nothing', async () => {
    const place = await folderWith(1000);
    const training = retraining(place, { epochMs: 50 }).train(kind, 'asked for');
    await vi.waitUntil(async () => (await place.models.record(kind))?.training !== null, {
      timeout: 50_000,
      interval: 5,
    });
    const theirs = { version: 'theirs', trainer: 'elsewhere', startedAtMs: 0, aliveAtMs: Date.now() };
    await place.models.update(
      kind,
      (record) => record && { ...record, training: { ...theirs, progress: firstProgressOfTests } },
    );
    expect((await training)!.training).toMatchObject({ trainer: 'elsewhere' });
    expect(await place.models.versions(kind)).toEqual([]);
  });

  test('begins when somebody asks, and again after so many ratings', async () => {
    const place = await folderWith(1000);
    retraining(place, {}, { triggers: { everyRatings: 500, everyMs: 0 } });
    await place.models.update(kind, (record) => requested(record ?? freshRecord(kind), 1, 'asked for'));
    const trained = async (): Promise<number> =>
      (await place.models.record(kind))!.events.filter(({ outcome }) => outcome === 'trained').length;
    await vi.waitUntil(async () => (await trained()) === 1, { timeout: 50_000, interval: 20 });
    expect(await place.models.record(kind)).toMatchObject({ request: null, trainedUpTo: 1000 });
    // It rests for a while after each, unless it is asked.
    await rateAtRandom(place.store, 500);
    await place.models.update(kind, (record) => record && requested(record, 2, 'asked for'));
    await vi.waitUntil(async () => (await trained()) === 2, { timeout: 50_000, interval: 20 });
    expect(await place.models.record(kind)).toMatchObject({ trainedUpTo: 1500 });
  });

  test('lets everything else go first with all of its threads; killed at any moment it is a failure of its own and of nothing else', async () => {
    const place = await folderWith(1000);
    const mark = join(place.folder, 'pid');
    const trainer = trainerOn(place.folder, { fault: 'hang', mark });
    const job = { kind, version: 'v1', seed: 1, against: null };
    const result = trainer.train(job, () => undefined);
    await vi.waitUntil(() => existsSync(mark) && readFileSync(mark, 'utf8') !== '', { timeout: 50_000, interval: 5 });
    const pid = Number(readFileSync(mark, 'utf8'));
    if (process.platform === 'linux') expect(new Set(nicenessOfThreads(pid))).toEqual(new Set([19]));
    process.kill(pid, 'SIGKILL');
    expect(await result).toEqual({
      kind: 'failed',
      reason: expect.stringContaining('ended by SIGKILL'),
    } satisfies TrainingResult);
    expect(await place.models.versions(kind)).toEqual([]);
  });

  test('that is under way when the worker stops is to be done again', async () => {
    const place = await folderWith(1000);
    const mark = join(place.folder, 'pid');
    const trainings = retraining(place, { fault: 'hang', mark });
    const training = trainings.train(kind, 'asked for');
    await vi.waitUntil(() => existsSync(mark), { timeout: 50_000, interval: 5 });
    await trainings.stop();
    await training;
    expect(() => process.kill(Number(readFileSync(mark, 'utf8')), 0)).toThrow('ESRCH');
    expect(await place.models.record(kind)).toMatchObject({
      training: null,
      request: { reason: expect.stringContaining('interrupted') },
    });
  });
});

const firstProgressOfTests = {
  ...{ stage: 'reading' as const, epoch: 0, epochs: 0, loss: null },
  ...{ heldOutRmse: null, examplesPerSecond: null, leftSeconds: null },
};

let drawn = 0;

async function rateAtRandom(store: EmbeddedStore, count: number): Promise<void> {
  const random = seededRandom(11, drawn++);
  const startMs = Date.now() - 1_000_000_000;
  const records = Array.from({ length: count }, (_, n) => {
    const user = Math.floor(random.uniform() * users.length);
    // Every rating of a pair of its own: the last one of a pair alone would count.
    const item = Math.floor(random.uniform() * items.length);
    const userId = `${users[user]!}x${n % 40}`;
    const rating = Math.min(5, Math.max(1, truth(user, item) + 0.3 * random.normal()));
    const event = { userId, itemId: items[item]!, rating, ratedAtMs: startMs + 1000 * n, eventId: null, weight: 1 };
    return { key: Buffer.from(userId), value: codec.encodeRating(event) };
  });
  await store.append(0, records);
}
