import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../../src/adapters/embedded/open-embedded.ts';
import { DataFolderLockedError } from '../../../src/errors.ts';
import { readAll, recorder, restored } from '../../contracts/transport-harness.ts';
import { tempFolders } from './temp-folder.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs the committing process until it has told `commitCount` commits, then kills it; resolves with the last one told. */
async function runAndKill(folder: string, commitCount: number, beforeKill: () => Promise<void>): Promise<number> {
  const child = spawn(process.execPath, [new URL('crash-child.mjs', import.meta.url).pathname, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exited = once(child, 'exit');
  let told = 0;
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (++told !== commitCount) continue;
    await beforeKill();
    child.kill('SIGKILL');
  }
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return last;
}

describe('data folder of a killed process', () => {
  const newFolder = tempFolders();

  test('holds every commit that was told, whole, and at most one more', async () => {
    const folder = newFolder();
    for (const commitCount of [1, 7, 2, 31, 13, 1, 60, 5]) {
      const told = await runAndKill(folder, commitCount, () => Promise.resolve());
      const store = await openEmbedded({ folder });
      const listener = recorder();
      const member = store.member();
      await member.start(listener);
      const n = (await listener.lease(0).committedOffset()) / 20;
      expect([told, told + 1]).toContain(n);
      const { state, items } = await restored(listener.lease(0));
      for (let i = 0; i < 200; i++) expect(state[`all${i}`]).toBe(String(n));
      for (let i = 0; i < 300; i++) expect(state[`k${(i * n) % 1000}-${i}`]).toBe(String(n));
      for (let i = 0; i < 50; i++) expect(items[`i${i}`]).toBe(String(n));
      const predictions = readAll(store, 'predictions');
      expect(predictions).toEqual(Array.from({ length: n * 20 }, (_, i) => String(Math.floor(i / 20) + 1)));
      expect(store.end('dead-letters', 0)).toBe(n);
      expect(store.end('ratings', 0)).toBeGreaterThanOrEqual(n * 20);
      await member.stop();
      await store.close();
    }
  });

  test('is locked while the process lives and free as soon as it is dead', async () => {
    const folder = newFolder();
    await runAndKill(folder, 3, async () => {
      await expect(openEmbedded({ folder })).rejects.toThrow(DataFolderLockedError);
    });
    await (await openEmbedded({ folder })).close();
  });
});
