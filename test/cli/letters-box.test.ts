import { describe, expect, it } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { withBatchWorker } from '../../src/cli/batch-worker.ts';
import { boxInFolder } from '../../src/cli/dead-letters/box-in-folder.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { capturedIo } from '../support/captured-io.ts';
import { runForJson } from '../support/run-command.ts';

const newFolder = tempFolders();
const scale = { lo: 1, hi: 5 };
const nowMs = () => Date.now();
const usual = createCodec({ scale, nowMs });
const mapping = {
  ...{ userId: 'who', itemId: 'what', rating: 'stars', ratedAt: 'ratedAt' },
  ratedAtUnit: 'milliseconds',
} as const;
const mended = createCodec({ scale, nowMs, mapping: { ...mapping, eventId: 'eventId' } });
const foreign = (who: string): string => JSON.stringify({ who, what: 's1', stars: 4, ratedAt: 1000 });

/** A worker takes in what waits in the log, and these records. */
async function process(store: Awaited<ReturnType<typeof openEmbedded>>, values: readonly string[], codec = usual) {
  await withBatchWorker(store, { settings: defaultSettings, scale, codec }, capturedIo().io, async (worker) => {
    const records = values.map((value) => ({ key: Buffer.from('k'), value: Buffer.from(value) }));
    await store.append(0, records);
    await worker.caughtUp();
  });
}

async function given(values: readonly string[]) {
  const folder = newFolder();
  const store = await openEmbedded({ folder });
  await process(store, values);
  return { folder, store };
}

describe('dead letters of a running worker', () => {
  it('are there newest first, no more than asked for, with how many there are', async () => {
    const { store } = await given(['{broken', foreign('ann'), '[]']);
    const { total, letters } = await boxInFolder(store, usual).latest(2);
    expect(total).toBe(3);
    expect(letters.map(({ letterOffset, code }) => [letterOffset, code])).toEqual([
      [2, expect.stringMatching(/^FRESHET_/)],
      [1, 'FRESHET_WRONG_TYPE'],
    ]);
    await store.close();
  });

  it('come in once each, however often and at the same time it is asked for', async () => {
    const { store } = await given([foreign('ann'), '{broken', foreign('ann'), foreign('bob')]);
    const box = boxInFolder(store, mended);
    expect(await Promise.all([box.retry(0, 0), box.retry(0, 0), box.retry(0, 2)])).toEqual([
      { kind: 'retried', partition: 0, offset: 4 },
      { kind: 'already-in' },
      { kind: 'already-in' },
    ]);
    expect(await box.retry(0, 1)).toMatchObject({ kind: 'refused', code: 'FRESHET_UNDECODABLE' });
    for (const [partition, offset] of [
      [0, 9],
      [1, 0],
    ] as const)
      expect(await box.retry(partition, offset)).toEqual({ kind: 'unknown' });
    const { letters } = await box.latest(10);
    expect(letters.map(({ letterOffset, isRetried }) => [letterOffset, isRetried])).toEqual([
      [3, false],
      [2, true],
      [1, false],
      [0, true],
    ]);
    expect(store.end('ratings', 0)).toBe(5);
    await store.close();
  });

  it('may be tried again once they were refused once more', async () => {
    const { store } = await given([foreign('ann')]);
    expect(await boxInFolder(store, mended).retry(0, 0)).toMatchObject({ kind: 'retried' });
    await process(store, []); // still without the mapping
    const box = boxInFolder(store, mended);
    expect(await box.retry(0, 0)).toEqual({ kind: 'already-in' });
    expect(await box.retry(0, 1)).toMatchObject({ kind: 'retried' });
    await process(store, [], mended);
    expect(store.end('dead-letters', 0)).toBe(2);
    await store.close();
  });

  it('know what the command replayed, and it knows what they did; also after a restart', async () => {
    const { folder, store } = await given([foreign('ann'), foreign('bob')]);
    expect(await boxInFolder(store, mended).retry(0, 0)).toMatchObject({ kind: 'retried' });
    await store.close();
    const mapped = ['--map', 'userId=who,itemId=what,rating=stars'];
    const replayed = await runForJson('dead-letters', 'replay', '--data', folder, ...mapped);
    expect(replayed).toMatchObject({ deadLetters: 2, replayed: 1, alreadyIn: 1 });
    const again = await openEmbedded({ folder });
    const box = boxInFolder(again, mended);
    expect(await box.retry(0, 1)).toEqual({ kind: 'already-in' });
    expect((await box.latest(5)).letters.map(({ isRetried }) => isRetried)).toEqual([true, true]);
    await again.close();
  });
});
