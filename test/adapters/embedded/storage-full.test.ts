import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EmbeddedStore } from '../../../src/adapters/embedded/embedded-store.ts';
import { openEmbedded } from '../../../src/adapters/embedded/open-embedded.ts';
import { StorageFullError } from '../../../src/errors.ts';
import { bytesOf, checkpoint, readAll, recorder, recordsOf, restored } from '../../contracts/transport-harness.ts';
import { smallDisks } from '../../support/small-disk.ts';
import { tempFolders } from './temp-folder.ts';

const padded = (name: string): string => `${name} ${'x'.repeat(20_000)}`;

/** Appends until there is no room; resolves with what was accepted. */
async function fill(store: EmbeddedStore): Promise<string[]> {
  const accepted: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    const values = [padded(`a${i}`), padded(`b${i}`)];
    try {
      await store.append(0, recordsOf(...values));
    } catch (error) {
      expect(error).toBeInstanceOf(StorageFullError);
      return accepted;
    }
    accepted.push(...values);
  }
  throw new Error('the disk was never full');
}

async function keepsItsLaws(store: EmbeddedStore, makeRoom: () => Promise<EmbeddedStore>): Promise<void> {
  const before = recorder();
  await store.member().start(before);
  const image = bytesOf('x'.repeat(1000));
  const large = checkpoint({
    nextOffset: 2,
    state: Array.from({ length: 4000 }, (_, i) => ({ key: `k${i}`, value: image })),
    predictions: recordsOf('prediction'),
  });
  const accepted = await fill(store);
  await expect(before.lease(0).commit(large)).rejects.toThrow(StorageFullError);
  await expect(store.append(0, recordsOf(padded('no'), padded('no')))).rejects.toThrow(StorageFullError);
  expect(await before.lease(0).committedOffset()).toBe(0);
  expect(await restored(before.lease(0))).toEqual({ state: {}, items: {} });
  expect(readAll(store, 'ratings')).toEqual(accepted);
  expect(readAll(store, 'predictions')).toEqual([]);

  const roomy = await makeRoom();
  const after = recorder();
  await roomy.member().start(after);
  expect(await roomy.append(0, recordsOf('again'))).toBe(accepted.length);
  await after.lease(0).commit(large);
  expect(Object.keys((await restored(after.lease(0))).state)).toHaveLength(4000);
  expect(readAll(roomy, 'ratings')).toEqual([...accepted, 'again']);
  expect(readAll(roomy, 'predictions')).toEqual(['prediction']);
}

describe('full storage', () => {
  const newFolder = tempFolders();
  const mountSmallDisk = smallDisks();

  test('refuses what passes its limit, writes nothing by halves, and works again with a higher one', async () => {
    const folder = newFolder();
    const store = await openEmbedded({ folder, maxSizeBytes: 3_000_000 });
    let roomy: EmbeddedStore | undefined;
    await keepsItsLaws(store, async () => {
      await store.close();
      return (roomy = await openEmbedded({ folder }));
    });
    await roomy?.close();
  });

  test('refuses on a full disk, writes nothing by halves, and works again as soon as there is room', async (context) => {
    const folder = newFolder();
    if (!mountSmallDisk(folder, 24_000_000)) context.skip('a disk cannot be mounted here');
    const ballast = join(folder, 'ballast');
    const store = await openEmbedded({ folder });
    writeFileSync(ballast, Buffer.alloc(18_000_000, 1));
    await keepsItsLaws(store, () => {
      rmSync(ballast);
      return Promise.resolve(store);
    });
    await store.close();
    const again = await openEmbedded({ folder });
    expect(readAll(again, 'ratings').at(-1)).toBe('again');
    await again.close();
  });
});
