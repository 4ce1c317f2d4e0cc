import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { recordsOf } from '../contracts/transport-harness.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { misusedPages } from './page-owners.ts';

const newFolder = tempFolders();

/** A log of a few hundred pages, with free ones and with values that take several. */
async function log(): Promise<string> {
  const folder = newFolder();
  const store = await openEmbedded({ folder });
  for (let n = 0; n < 30; n++) await store.append(0, recordsOf('x'.repeat(n % 2 === 0 ? 30_000 : 10)));
  await store.close();
  return join(folder, 'data.mdb');
}

function isWrong(path: string): boolean {
  try {
    return misusedPages(path).length > 0;
  } catch {
    return true; // too much, or nothing that can be read at all
  }
}

test('a log as it was written uses every page once', async () => {
  expect(misusedPages(await log())).toEqual([]);
});

test('a page that somebody else has overwritten is told', async () => {
  const path = await log();
  const whole = readFileSync(path);
  const pages = Array.from({ length: whole.length / 4096 }, (_, page) => page).slice(2);
  let told = 0;
  for (const page of pages) {
    const file = openSync(path, 'r+');
    writeSync(file, whole, ((page + 1) % pages.length) * 4096, 4096, page * 4096);
    closeSync(file);
    if (isWrong(path)) told++;
    writeFileSync(path, whole);
  }
  // Free pages, and those of large values but the first, hold nothing that would tell.
  expect(told).toBeGreaterThan(10);
});
