import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { committedOffset, killAll, start, stop, tryStart, type RunningWorker } from '../integration/running-worker.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { runFreshet } from '../support/run-freshet.ts';

interface PredictionJson {
  readonly prediction: number;
  readonly low: number;
  readonly high: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly experts: Readonly<Record<string, number>>;
  readonly coldUser: boolean;
  readonly coldItem: boolean;
}

/** Twenty users who like the even items and not the odd ones. */
const ratings = Array.from({ length: 200 }, (_, i) => ({
  userId: `u${i % 20}`,
  itemId: `i${Math.floor(i / 20)}`,
  rating: Math.floor(i / 20) % 2 === 0 ? 5 : 2,
  ratedAt: 1_700_000_000_000 + 1000 * i,
  eventId: `e${i}`,
}));

async function post(worker: RunningWorker, entries: readonly object[]): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body: JSON.stringify(entries) });
  return { status: response.status, body: await response.json() };
}

const ask = async (worker: RunningWorker, user: string, item: string): Promise<PredictionJson> =>
  (await (await fetch(`${worker.url}/users/${user}/predictions/${item}`)).json()) as PredictionJson;

/** Until a worker has learned so many records and made them durable. */
const learned = (worker: RunningWorker, count: number): Promise<boolean> =>
  vi.waitUntil(async () => (await committedOffset(worker)) >= count, { timeout: 20_000, interval: 20 });

describe('freshet run', () => {
  const newFolder = tempFolders();
  // Hooks run last to first: the processes go before their folders.
  afterEach(killAll);

  test('takes ratings in and answers predictions in the shape that other programs rely on', async () => {
    const worker = await start(newFolder());
    const bad = { userId: 'u1', itemId: 'i1', rating: 9 };
    expect(await post(worker, [...ratings, bad])).toEqual({
      status: 202,
      body: {
        accepted: 200,
        rejected: 1,
        offsets: [{ partition: 0, first: 0, count: 200 }],
        errors: [{ index: 200, code: 'FRESHET_RATING_OUTSIDE_SCALE', reason: expect.any(String) }],
      },
    });
    await learned(worker, 200);
    const liked = await ask(worker, 'u3', 'i8');
    expect(Object.keys(liked)).toEqual([
      ...['userId', 'itemId', 'prediction', 'low', 'high', 'parts', 'experts', 'networkWeights', 'modelVersions'],
      ...['coldUser', 'coldItem'],
    ]);
    expect(liked).toMatchObject({ userId: 'u3', itemId: 'i8', modelVersions: {}, coldUser: false, coldItem: false });
    expect(Object.keys(liked.parts)).toEqual(['mean', 'userBias', 'itemBias', 'interaction']);
    expect(Object.keys(liked.experts)).toEqual(expect.arrayContaining(['mean', 'bias', 'factors', 'blend']));
    expect(liked.experts['blend']).toBe(liked.prediction);
    expect(liked.low).toBeLessThanOrEqual(liked.prediction);
    expect(liked.high).toBeGreaterThanOrEqual(liked.prediction);
    expect(liked.prediction - (await ask(worker, 'u3', 'i9')).prediction).toBeGreaterThan(1);
    expect(await ask(worker, 'nobody', 'nothing')).toMatchObject({ coldUser: true, coldItem: true });
    expect(await stop(worker)).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('drains at SIGTERM, and has all it learned after a restart', async () => {
    const folder = newFolder();
    // Nothing but the drain makes these ratings durable as learned.
    const before = await start(folder, ['--checkpoint-ms', '60000', '--checkpoint-events', '100000']);
    await post(before, ratings);
    const learnedAll = async (): Promise<boolean> => {
      const metrics = await (await fetch(`${before.url}/metrics`)).text();
      return metrics.includes('freshet_applied_offset{partition="0"} 200');
    };
    await vi.waitUntil(learnedAll, { timeout: 20_000, interval: 20 });
    const { parts } = await ask(before, 'u3', 'i8');
    expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 0, pending: 200 });
    expect(await stop(before)).toMatchObject({ code: 0 });
    expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 200, pending: 0 });

    const after = await start(folder);
    expect((await ask(after, 'u3', 'i8')).parts).toEqual(parts);
    expect(await stop(after)).toMatchObject({ code: 0 });
  });

  test('lets operators look, replay and forget while it runs, and no second worker in', async () => {
    const folder = newFolder();
    const worker = await start(folder, ['--http-token', 'secret']);
    const file = join(newFolder(), 'ratings.jsonl');
    writeFileSync(file, ratings.map((rating) => JSON.stringify(rating)).join('\n'));
    const target = ['--http', worker.url, '--http-token', 'secret'];
    const replayed = await runForJson('replay', '--ratings', file, ...target);
    expect(replayed).toMatchObject({ sent: 200, accepted: 200, rejected: 0, repeats: 0 });
    const applied = async (): Promise<unknown> => (await runForJson('inspect', '--data', folder))['ratingsApplied'];
    await expect.poll(applied, { timeout: 20_000 }).toBe(200);
    await runForJson('replay', '--ratings', file, ...target);
    expect(await runForJson('forget', 'user', 'u3', ...target)).toEqual({
      userId: 'u3',
      partition: 0,
      offset: 400,
      known: null,
      rememberedRatings: null,
    });
    const known = async (): Promise<number> => (await runCommand('inspect', 'user', 'u3', '--data', folder)).code;
    await expect.poll(known, { timeout: 20_000 }).toBe(1);
    expect(await applied()).toBe(200);

    const second = await tryStart(folder);
    expect(second).toMatchObject({
      kind: 'ended',
      code: 1,
      stderr: expect.stringContaining('in use by another process'),
    });
    const refused = await runCommand('forget', 'user', 'u4', '--http', worker.url);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('FRESHET_HTTP_TOKEN') });
    expect(await stop(worker)).toMatchObject({ code: 0 });
  });

  test('refuses a folder that was learned with another scale or seed, and takes its scale when none is given', async () => {
    const folder = newFolder();
    const first = await start(folder, ['--scale', '1..10', '--seed', '3']);
    await post(first, [{ ...ratings[0], rating: 9 }]);
    await learned(first, 1);
    await stop(first);

    const other = await tryStart(folder, ['--scale', '1..5']);
    expect(other).toMatchObject({ kind: 'ended', code: 2 });
    const { stderr } = other as { stderr: string };
    expect(stderr).toContain('--scale 1..10 and 1..5 is asked for');
    expect(stderr).toContain('--seed 3 and 1 is asked for');

    const same = await start(folder, ['--seed', '3']);
    expect(await post(same, [{ ...ratings[1], rating: 10 }])).toMatchObject({ status: 202 });
    await stop(same);
    expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 2, scale: [1, 10] });
  });

  test('ends with 2 and every problem at once when its flags are wrong', async () => {
    const words = ['run', '--scale', '5..1', '--http-port', '70000', '--efort', 'fast', '--checkpoint-ms', 'soon'];
    const { code, stdout, stderr } = await runFreshet(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('5 problems');
    for (const said of [
      'give --data FOLDER',
      '--scale is "5..1"',
      '--http-port is "70000"',
      '--effort?',
      '--checkpoint-ms',
    ]) {
      expect(stderr).toContain(said);
    }
  });
});
