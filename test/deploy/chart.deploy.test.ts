/** The chart on a real API server, in a namespace that enforces the restricted Pod Security Standard. */
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKubeApi, type KubeApi, type Said } from '../support/deploy/kube-api.ts';
import { page, root } from '../docs/pages.ts';
import { chartFolder, profiles } from './chart.ts';
import { blockKinds, blocksOf } from './page-blocks.ts';
import { removeFolder } from '../support/remove-folder.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly template?: { readonly spec?: object } };
}

interface PodSpec {
  readonly containers: readonly { readonly volumeMounts?: readonly { readonly name: string }[] }[];
  readonly volumes?: readonly { readonly name: string }[];
}

const version = ['--kube-version', '1.35.4'];
let api: KubeApi;

beforeAll(async () => {
  api = await startKubeApi();
}, 1_800_000);
afterAll(() => api.stop());

const profileFlags = (name: string): string[] => ['--values', join(chartFolder, 'profiles', `${name}.yaml`)];

async function givenNamespace(name: string): Promise<string> {
  const labels = ['enforce', 'warn', 'audit'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  succeeded(await api.kubectl(['create', 'namespace', name]));
  succeeded(await api.kubectl(['label', 'namespace', name, ...labels]));
  return name;
}

/** Said by Helm's client about its own watch, which it ends when what it waited for is gone: no word of the server. */
const ofEndedWatch = /^[IWE]\d{4} .* reflector\.go:\d+\] "Warning: watch ended with error" .*context canceled.*\n?/gm;

/** What it said, which must be a success without a warning. */
function succeeded({ code, stdout, stderr }: Said): string {
  const warnings = expect.not.stringMatching(/warn/i) as string;
  expect({ code, stderr: stderr.replaceAll(ofEndedWatch, '') }).toEqual({ code: 0, stderr: warnings });
  return stdout;
}

async function rendered(name: string, namespace: string, flags: readonly string[] = []): Promise<string> {
  const words = ['template', 'shop', chartFolder, '--namespace', namespace, ...version, ...profileFlags(name)];
  return succeeded(await api.helm([...words, ...flags]));
}

const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => (document.toJSON() as Manifest | null) ?? []);

/** Plays the controller of jobs, which is not here: what waits for the hook goes on. */
async function completingJobs<T>(namespace: string, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  over.catch(() => undefined);
  while (!isOver) {
    const { stdout } = await api.kubectl(['get', 'jobs', '--namespace', namespace, '--output', 'json']);
    const { items } = JSON.parse(stdout || '{"items":[]}') as {
      items: (Manifest & { status?: { succeeded?: number } })[];
    };
    for (const { metadata, status } of items) {
      if (status?.succeeded !== undefined) continue;
      const time = new Date().toISOString().replace(/\.\d+/, '');
      const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
        ...{ type, status: 'True', reason: 'CompletionsReached', message: 'done' },
        ...{ lastProbeTime: time, lastTransitionTime: time },
      }));
      const uncounted = { succeeded: [], failed: [] };
      const done = { startTime: time, completionTime: time, succeeded: 1, ready: 0, terminating: 0, conditions };
      await api.kubectl([
        ...['patch', 'job', metadata.name, '--namespace', namespace, '--subresource', 'status', '--type', 'merge'],
        ...['--patch', JSON.stringify({ status: { ...done, uncountedTerminatedPods: uncounted } })],
      ]);
    }
  }
  return over;
}

describe.each(profiles)('the profile %s', (name) => {
  const namespace = name;
  beforeAll(() => givenNamespace(namespace));

  it('is linted without a complaint', async () => {
    succeeded(await api.helm(['lint', '--strict', chartFolder, ...version, ...profileFlags(name)]));
  });

  it('makes objects that the server accepts, each field of them', async () => {
    const words = ['apply', '--dry-run=server', '--validate=strict', '--namespace', namespace, '--filename', '-'];
    const text = await rendered(name, namespace);
    const lines = succeeded(await api.kubectl(words, text))
      .trim()
      .split('\n');
    expect(lines.length).toBe(manifestsIn(text).length);
  });

  it('makes pods that the restricted standard admits', async () => {
    const pods = manifestsIn(await rendered(name, namespace)).flatMap(({ kind, metadata, spec }) =>
      spec?.template?.spec === undefined
        ? []
        : [
            {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: { name: `${metadata.name}-${kind.toLowerCase()}` },
              spec: {
                ...spec.template.spec,
                ...('restartPolicy' in spec.template.spec ? {} : { restartPolicy: 'Always' }),
              },
            },
          ],
    );
    expect(pods.length).toBeGreaterThan(0);
    for (const pod of pods) {
      const words = ['create', '--dry-run=server', '--validate=strict', '--namespace', namespace, '--filename', '-'];
      // A claim's volume comes from the StatefulSet.
      const { containers, volumes = [] } = pod.spec as unknown as PodSpec;
      const known = new Set(volumes.map((volume) => volume.name));
      const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
      const claimed = mounts.filter((mount) => !known.has(mount.name));
      const all = [...volumes, ...claimed.map((mount) => ({ name: mount.name, emptyDir: {} }))];
      succeeded(await api.kubectl(words, JSON.stringify({ ...pod, spec: { ...pod.spec, volumes: all } })));
    }
  });

  it('is installed, upgraded, rolled back and taken away', { timeout: 120_000 }, async () => {
    const place = ['--namespace', namespace];
    const chart = ['shop', chartFolder, ...place, ...profileFlags(name)];
    const doing = async (words: readonly string[]) => succeeded(await completingJobs(namespace, api.helm(words)));
    await doing(['install', ...chart]);
    await doing(['upgrade', ...chart, '--set', 'worker.settings.checkpointMs=200']);
    const settings = async () =>
      succeeded(await api.kubectl(['get', 'configmap', 'shop-freshet-settings', ...place, '--output', 'json']));
    expect(await settings()).toContain('checkpointMs');
    await doing(['rollback', 'shop', '1', ...place]);
    expect(await settings()).not.toContain('checkpointMs');
    const kinds = [...new Set(manifestsIn(await rendered(name, namespace)).map(({ kind }) => kind.toLowerCase()))];
    const left = async () =>
      succeeded(
        await api.kubectl([
          'get',
          kinds.join(','),
          ...place,
          '--selector',
          'app.kubernetes.io/instance=shop',
          '--output',
          'name',
        ]),
      )
        .trim()
        .split('\n')
        .filter((line) => line !== '');
    expect((await left()).length).toBeGreaterThan(4);
    await doing(['uninstall', 'shop', ...place]);
    expect(await left()).toEqual([]);
  });
});

describe('the page about Kubernetes', () => {
  it(
    'has commands that lead a newcomer from nothing to a release, and away from it',
    { timeout: 120_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'freshet-newcomer-'));
      symlinkSync(join(root, 'deploy'), join(folder, 'deploy'));
      try {
        const blocks = blocksOf('kubernetes.md', 'cluster');
        expect(blocks.length).toBe(2);
        expect(new Set(blockKinds('kubernetes.md'))).toEqual(new Set(['sh cluster']));
        const said: string[] = [];
        for (const block of blocks) said.push(succeeded(await completingJobs('shop', api.shell(block, folder))));
        // What the release says goes on from there, and the Secret's token comes out of it.
        expect(said.at(-1)).toContain('kubectl rollout status deployment/freshet-worker --namespace shop');
        const token = /token=\$\(.*\)$/m.exec(said.at(-1) ?? '')?.[0] ?? '';
        expect(succeeded(await api.shell(`${token}; echo "$token"`, folder))).toMatch(/^[0-9a-f]{48}\n$/);
        const commands = page('deploy/kubernetes.md').match(/(?<=^\| `)helm [^`]+/gm) ?? [];
        expect(commands.map((command) => command.split(' ')[1])).toEqual(['upgrade', 'rollback', 'uninstall']);
        for (const command of commands) succeeded(await completingJobs('shop', api.shell(command, folder)));
      } finally {
        removeFolder(folder);
      }
    },
  );
});

describe('what is wrong', () => {
  const minimal = profileFlags('minimal');
  it.each([
    ['a misspelt value', ['--set', 'worker.replica=3'], /replica.*not allowed/],
    ['a misspelt setting', ['--set', 'worker.settings.checkpointMS=200'], /checkpointMS.*not allowed/],
    ['text for a number', ['--set-string', 'topics.partitions=four'], /got string, want integer/],
    ['no brokers', ['--set', 'kafka.brokers=null'], /kafka\.brokers is empty: name at least one broker as host:port/],
    ['neither token nor consent', ['--set', 'http.withoutToken=false'], /http\.tokenSecret is empty: name a Secret/],
    ['SASL without its secret', ['--set', 'kafka.sasl.mechanism=plain'], /kafka\.sasl\.secret is empty/],
    [
      'more workers than partitions',
      ['--set', 'worker.replicas=9'],
      /worker\.replicas is 9, but there are 4 partitions/,
    ],
    ['KEDA without Prometheus', ['--set', 'autoscaling.kind=keda'], /prometheusAddress is empty/],
    ['a grace period that the drain does not fit in', ['--set', 'worker.preStopSeconds=40'], /a drain may take/],
  ])('%s is refused with what to do', async (_, flags, message) => {
    const { code, stderr } = await api.helm(['template', 'shop', chartFolder, ...version, ...minimal, ...flags]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) as string });
  });

  it.each([
    ['minimal', 'terminationGracePeriodSeconds', 'terminationGracePeriodSecs'],
    ['keda', 'pollingInterval', 'polingInterval'],
    ['hpa-strimzi', 'maxReplicas', 'maxReplica'],
  ])('a misspelt field in a template of %s is refused by the server', async (name, right, wrong) => {
    const text = (await rendered(name, 'default')).replace(right, wrong);
    const file = join(tmpdir(), `freshet-misspelt-${process.pid}-${name}.yaml`);
    writeFileSync(file, text);
    const { code, stderr } = await api.kubectl(['apply', '--dry-run=server', '--validate=strict', '--filename', file]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`unknown field`) as string });
  });
});
