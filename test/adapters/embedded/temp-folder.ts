import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { removeFolder } from '../../support/remove-folder.ts';

/** A maker of new folders; they are removed after each test. */
export function tempFolders(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) removeFolder(folder);
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-'));
    made.push(folder);
    return folder;
  };
}
