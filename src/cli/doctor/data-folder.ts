import { accessSync, constants, readdirSync, statSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fine, mebibytes, type Check } from './check.ts';

const smallestFreeBytes = 256 * 2 ** 20;

/** Looks, and changes nothing: a worker may be running on the folder. */
export function dataFolderChecks(folder: string): Check[] {
  const path = resolve(folder);
  try {
    return [stateCheck(path), freeSpaceCheck(existingParent(path))];
  } catch (error) {
    return [
      {
        name: 'data folder',
        state: 'problem',
        found: (error as Error).message,
        advice: 'Give a folder that this user may read and write.',
      },
    ];
  }
}

function stateCheck(path: string): Check {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    accessSync(existingParent(path), constants.W_OK);
    return fine('data folder', `${path} does not exist yet; the first run makes it`);
  }
  if (!stats.isDirectory()) {
    return {
      name: 'data folder',
      state: 'problem',
      found: `${path} is not a folder`,
      advice: 'Give a folder with --data.',
    };
  }
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizeBytes = files.reduce(
    (sum, file) => sum + (statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  return fine('data folder', `${path}: ${files.length} files, ${mebibytes(sizeBytes)}, readable and writable`);
}

function freeSpaceCheck(path: string): Check {
  const { bavail, bsize } = statfsSync(path);
  const freeBytes = bavail * bsize;
  const found = `${mebibytes(freeBytes)} under ${path}`;
  if (freeBytes >= smallestFreeBytes) return fine('free space', found);
  return {
    name: 'free space',
    state: 'problem',
    found,
    advice: `Make room: at least ${mebibytes(smallestFreeBytes)}.`,
  };
}

function existingParent(path: string): string {
  let folder = path;
  while (statSync(folder, { throwIfNoEntry: false }) === undefined && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}
