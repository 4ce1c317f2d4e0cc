import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeFolder } from '../remove-folder.ts';

const run = promisify(execFile);

export interface Java {
  /** Path of a program that comes with it, as in `program('keytool')`. */
  program(name: string): string;
  readonly version: string;
}

/** JAVA_HOME's, else the one on the path. @throws Error when there is none, or it is too old for the broker. */
export async function findJava(): Promise<Java> {
  const home = process.env.JAVA_HOME;
  const program = (name: string): string => (home === undefined ? name : join(home, 'bin', name));
  const { stderr } = await run(program('java'), ['-version']).catch(() => {
    throw new Error('no Java (17 or newer) on the path or in JAVA_HOME');
  });
  const version = /version "([^"]+)"/.exec(stderr)?.[1] ?? 'unknown';
  if (!(Number.parseInt(version) >= 17)) throw new Error(`Java ${version} is too old, the broker needs 17 or newer`);
  return { program, version };
}

/** Runs Maven. @throws Error with what it said. */
export async function maven(words: readonly string[]): Promise<void> {
  // Without a project Maven leaves a marker file in the folder it runs in.
  const folder = mkdtempSync(join(tmpdir(), 'freshet-maven-'));
  const work = run('mvn', ['--quiet', '--batch-mode', '--no-transfer-progress', ...words], { cwd: folder });
  await work
    .finally(() => removeFolder(folder))
    .catch((error: unknown) => {
      const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
      if (code === 'ENOENT') throw new Error('no Maven (mvn) on the path');
      const said = `${stdout}${stderr}`.split('\n').find((line) => line.includes('ERROR'));
      throw new Error(`Maven could not fetch it: ${said ?? 'no reason given'}`);
    });
}
