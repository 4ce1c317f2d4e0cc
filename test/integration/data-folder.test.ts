import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { smallDisks } from '../support/small-disk.ts';
import { committedOffset, killAll, start, stop, tryStart, type RunningWorker } from './running-worker.ts';
import { readStored } from './stored-state.ts';

const batchRatings = 100;
const idsOf = (batch: number): string[] => Array.from({ length: batchRatings }, (_, i) => `event-${batch}-${i}`);

async function post(worker: RunningWorker, batch: number): Promise<{ status: number; text: string }> {
  const ratings = idsOf(batch).map((eventId, i) => {
    return { userId: `user-${batch}-${i}`, itemId: `item-${i}`, rating: 4, ratedAt: 1_700_000_000_000, eventId };
  });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body: JSON.stringify(ratings) });
  return { status: response.status, text: await response.text() };
}

const learned = (worker: RunningWorker, count: number): Promise<boolean> =>
  vi.waitUntil(async () => (await committedOffset(worker)) >= count, { timeout: 20_000, interval: 20 });

describe('freshet run', () => {
  const newFolder = tempFolders();
  const mountSmallDisk = smallDisks();
  // Hooks run last to first: the processes go before the disk.
  afterEach(killAll);

  test('says that the disk is full, and goes on with all that it had acknowledged once there is room', async (context) => {
    const folder = newFolder();
    if (!mountSmallDisk(folder, 24_000_000)) context.skip('a disk cannot be mounted here');
    const ballast = join(folder, 'ballast');
    const full = await start(folder);
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 2_000_000, 1));

    let acknowledged = 0;
    let said = '';
    while (said === '') {
      try {
        const { status, text } = await post(full, acknowledged);
        if (status === 202) acknowledged++;
        else said = text;
      } catch {
        said = 'no answer';
      }
    }
    const { code, stderr } = await stop(full);
    expect(`${said} ${stderr}`).toMatch(/disk under the data folder .* is full .*Make room/);
    if (said === 'no answer') expect(code).toBe(1);

    rmSync(ballast);
    const roomy = await start(folder);
    expect(await post(roomy, acknowledged)).toMatchObject({ status: 202 });
    const batches = acknowledged + 1;
    await learned(roomy, batches * batchRatings);
    expect(await stop(roomy)).toMatchObject({ code: 0 });
    const stored = await readStored(folder);
    const eventIds = Array.from({ length: batches }, (_, batch) => idsOf(batch)).flat();
    expect(stored.eventIds).toEqual(eventIds);
    expect(stored.ratingsApplied).toBe(eventIds.length);
    expect(stored.predictions.map(({ eventId }) => eventId)).toEqual(eventIds);
    expect(stored.counts.users).toBe(eventIds.length);
  });

  test('refuses a folder that another one works on, leaves that one alone, and takes the folder once it is free', async () => {
    const folder = newFolder();
    const holder = await start(folder);
    expect(await post(holder, 0)).toMatchObject({ status: 202 });
    const refused = await tryStart(folder);
    expect(refused).toMatchObject({ kind: 'ended', code: 1 });
    expect(refused).toHaveProperty('stderr', expect.stringContaining('is in use by another process'));
    expect(await post(holder, 1)).toMatchObject({ status: 202 });
    holder.kill('SIGKILL');
    await holder.exited;

    const next = await start(folder);
    await learned(next, 2 * batchRatings);
    expect(await stop(next)).toMatchObject({ code: 0 });
    expect((await readStored(folder)).eventIds).toEqual([...idsOf(0), ...idsOf(1)]);
  });
});
