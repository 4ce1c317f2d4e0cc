/** Whether the embedded store's binary loads here, and what a durable write costs. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fine, type Check } from './check.ts';

const syncCount = 20;
/** Above this, a checkpoint spends more time waiting for the disk than learning. */
const slowSyncMs = 50;

/** `parent`: where a folder for trying is made, and taken away. */
export async function storeChecks(parent = tmpdir()): Promise<Check[]> {
  const folder = await mkdtemp(join(parent, 'freshet-doctor-')).catch((error: unknown) => error as Error);
  if (folder instanceof Error) {
    const advice = 'Name a folder that may be written to in TMPDIR to have the store and the disk tried.';
    return [{ name: 'disk', state: 'warning', found: `not tried: ${folder.message}`, advice }];
  }
  try {
    return [await lmdbCheck(folder), await syncCheck(folder)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lmdbCheck(folder: string): Promise<Check> {
  try {
    const { open: openStore } = await import('lmdb');
    const store = openStore({ path: join(folder, 'store') });
    const startMs = performance.now();
    await store.put('key', 'value');
    await store.flushed;
    const durableMs = performance.now() - startMs;
    const readBack: unknown = store.get('key');
    await store.close();
    if (readBack !== 'value') throw new Error(`wrote "value", read ${String(readBack)}`);
    return fine('lmdb', `loads, writes and reads; first durable write ${durableMs.toFixed(1)} ms`);
  } catch (error) {
    return {
      name: 'lmdb',
      state: 'problem',
      found: (error as Error).message,
      advice: `Run npm ci on this platform (${process.platform} ${process.arch}); the binary comes inside the package.`,
    };
  }
}

async function syncCheck(folder: string): Promise<Check> {
  const file = await open(join(folder, 'sync'), 'w');
  const timesMs: number[] = [];
  try {
    for (let write = 0; write < syncCount; write += 1) {
      const startMs = performance.now();
      await file.write(Buffer.alloc(4096, write));
      await file.datasync();
      timesMs.push(performance.now() - startMs);
    }
  } finally {
    await file.close();
  }
  timesMs.sort((a, b) => a - b);
  const medianMs = timesMs[syncCount / 2] ?? 0;
  const found = `4 KiB and fdatasync: median ${medianMs.toFixed(2)} ms, worst ${(timesMs.at(-1) ?? 0).toFixed(2)} ms, in ${tmpdir()}`;
  if (medianMs <= slowSyncMs) return fine('disk', found);
  return {
    name: 'disk',
    state: 'warning',
    found,
    advice: 'Put the data folder on a faster disk, or make checkpoints rarer.',
  };
}
