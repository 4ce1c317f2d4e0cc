/** Docker as the tests of the images use it: the daemon that answers, and images made here where none can be pulled. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { cacheFolder } from '../kafka/cache-folder.ts';
import type { Said } from './kube-api.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const officialBase = 'node:22.23.3-bookworm-slim';

export function said(
  program: string,
  words: readonly string[],
  options: { env?: NodeJS.ProcessEnv } = {},
): Promise<Said> {
  return new Promise((resolve) => {
    execFile(program, words, { cwd: root, maxBuffer: 256 * 1024 * 1024, ...options }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

export const docker = (...words: readonly string[]): Promise<Said> => said('docker', words);

/** What it printed. @throws Error with what it said instead. */
export async function dockerPrints(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(...words);
  if (code !== 0) throw new Error(`docker ${words.slice(0, 3).join(' ')}: ${`${stdout}${stderr}`.trim().slice(-2000)}`);
  return stdout.trim();
}

/** The official image of Node, or a stand-in for it where it cannot be pulled. */
export async function baseImage(): Promise<string> {
  const isHere = async (tag: string): Promise<boolean> => (await docker('image', 'inspect', tag)).code === 0;
  if ((await isHere(officialBase)) || (await docker('pull', '--quiet', officialBase)).code === 0) return officialBase;
  const standIn = 'freshet-base:local';
  if (await isHere(standIn)) return standIn;
  const script = join(root, 'test/support/deploy/images/build-base.sh');
  const { code, stdout, stderr } = await said('sh', [script, join(cacheFolder(), 'images'), standIn]);
  if (code !== 0) throw new Error(`no base image: ${`${stdout}${stderr}`.slice(-2000)}`);
  return standIn;
}

export type Target = 'worker' | 'trainer';
export const imageOf = (target: Target): string => `freshet-${target}:local`;

export async function buildImage(target: Target): Promise<string> {
  const base = await baseImage();
  const words = [
    'build',
    '--network=host',
    '--file',
    'deploy/Dockerfile',
    '--target',
    target,
    '--tag',
    imageOf(target),
  ];
  await dockerPrints(...words, '--build-arg', `NODE_IMAGE=${base}`, '--build-arg', 'REVISION=test', '.');
  return imageOf(target);
}
