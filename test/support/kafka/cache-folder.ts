import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the downloads of test servers stay between runs: outside of the repository unless told otherwise. */
export function cacheFolder(): string {
  return process.env.FRESHET_TEST_CACHE ?? join(homedir(), '.cache', 'freshet');
}

/** The cached folder `name`, filled once by `fill`. It appears whole or not at all, also when two runs fill it at once. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await fill(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
