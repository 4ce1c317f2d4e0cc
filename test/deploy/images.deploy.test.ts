/** The images, built from the Dockerfile and run as the chart runs them: not as root, nothing to write to, no capabilities. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../docs/pages.ts';
import { blockKinds, blocksOf } from './page-blocks.ts';
import { baseImage, buildImage, docker, dockerPrints, said, type Target } from '../support/deploy/docker.ts';
import { pythonPrograms } from '../support/deploy/tools.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { freePorts } from '../support/kafka/free-ports.ts';
import { uniqueName } from '../support/kafka/suite.ts';
import { until } from '../support/kafka/until.ts';
import { removeFolder } from '../support/remove-folder.ts';

const closed = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'host'];
const folder = mkdtempSync(join(tmpdir(), 'freshet-images-'));
const containers: string[] = [];
const images = new Map<Target, string>();
const imageOf = (target: Target): string => images.get(target) ?? '';

beforeAll(async () => {
  images.set('worker', await buildImage('worker'));
  images.set('trainer', await buildImage('trainer'));
}, 1_500_000);
afterEach(async () => {
  for (const name of containers.splice(0)) await docker('rm', '--force', '--volumes', name);
});
afterAll(() => removeFolder(folder));

/** A container that goes on; `words` are what comes after the image. */
async function givenRunning(target: Target, options: readonly string[], words: readonly string[]): Promise<string> {
  const name = uniqueName('freshet');
  containers.push(name);
  await dockerPrints('run', '--detach', '--name', name, ...closed, ...options, imageOf(target), ...words);
  return name;
}

const inside = (target: Target, ...words: readonly string[]): Promise<string> =>
  dockerPrints('run', '--rm', ...closed, '--entrypoint', words[0] ?? '', imageOf(target), ...words.slice(1));

/** A worker on a folder, ready, and where it serves. */
async function givenWorker(options: readonly string[] = []): Promise<{ name: string; url: string }> {
  const [port] = await freePorts(1);
  const environment = ['--env', `FRESHET_HTTP_PORT=${port!}`];
  const name = await givenRunning(
    'worker',
    ['--volume', '/data', ...environment, ...options],
    ['run', '--data', '/data'],
  );
  const url = `http://127.0.0.1:${port!}`;
  await until('the worker is ready', async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok);
  return { name, url };
}

describe.each(['worker', 'trainer'] as const)('the image of the %s', (target) => {
  it('is nobody’s root, has no capabilities and can write nothing', async () => {
    const status = await inside(target, 'node', '-p', 'require("fs").readFileSync("/proc/self/status", "utf8")');
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    for (const set of ['Eff', 'Prm', 'Bnd', 'Inh']) expect(status).toMatch(new RegExp(`^Cap${set}:\\t0+$`, 'm'));
    const writable = await inside(
      target,
      'node',
      '-p',
      '["/", "/app", "/tmp", "/etc", "/home/node"].filter((f) => { try { require("fs").writeFileSync(f + "/x", ""); return true } catch { return false } }).length',
    );
    expect(writable).toBe('0');
  });

  it('says what it is', async () => {
    const labels = JSON.parse(
      await dockerPrints('inspect', '--format', '{{json .Config.Labels}}', imageOf(target)),
    ) as object;
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
    const prefix = 'org.opencontainers.image.';
    expect(labels).toMatchObject({
      [`${prefix}title`]: `freshet-${target}`,
      [`${prefix}version`]: version,
      [`${prefix}revision`]: 'test',
      [`${prefix}licenses`]: 'Apache-2.0',
    });
    expect(await dockerPrints('run', '--rm', ...closed, imageOf(target), '--version')).toContain(version);
  });

  it('has the packages of the lock file, each in its version', async () => {
    const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
      packages: Record<string, { version: string; dev?: boolean }>;
    };
    const wrong = (await packagesIn(target)).filter(({ path, version }) => {
      const locked = packages[path];
      return locked?.version !== version || locked.dev === true;
    });
    expect(wrong).toEqual([]);
  });

  it('has a list of what is in it', { timeout: 300_000 }, async () => {
    const { path, environment } = await pythonPrograms();
    const file = join(folder, `${target}.json`);
    const tools = join(path('syft'), '..');
    const env = { ...process.env, ...environment, PATH: `${tools}:${process.env['PATH'] ?? ''}` };
    expect(await said('sh', [`${root}deploy/sbom.sh`, imageOf(target), file], { env })).toMatchObject({ code: 0 });
    const { bomFormat, components } = JSON.parse(readFileSync(file, 'utf8')) as {
      bomFormat: string;
      components: { name: string; version?: string; purl?: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    const listed = new Set(components.map(({ name, version }) => `${name}@${version ?? ''}`));
    const installed = (await packagesIn(target)).map(({ name, version }) => `${name}@${version}`);
    expect(installed.filter((one) => !listed.has(one))).toEqual([]);
    expect(components.some(({ purl = '' }) => purl.startsWith('pkg:deb/'))).toBe(true);
  });
});

interface Package {
  readonly path: string;
  readonly name: string;
  readonly version: string;
}

/** Everything below node_modules that is a package, packages in packages included. */
async function packagesIn(target: Target): Promise<Package[]> {
  const program = `
    const fs = require('fs');
    const found = [];
    function look(folder) {
      if (!fs.existsSync(folder)) return;
      for (const entry of fs.readdirSync(folder)) {
        const path = folder + '/' + entry;
        if (entry.startsWith('@')) { look(path); continue; }
        if (!fs.existsSync(path + '/package.json')) continue;
        const { name, version } = JSON.parse(fs.readFileSync(path + '/package.json', 'utf8'));
        found.push({ path, name, version });
        look(path + '/node_modules');
      }
    }
    look('node_modules');
    process.stdout.write(JSON.stringify(found));`;
  return JSON.parse(await inside(target, 'node', '-e', program)) as Package[];
}

describe('the worker’s image', () => {
  it('takes less than 300 MB beyond its base', async () => {
    const sizeOf = async (image: string): Promise<number> =>
      Number(await dockerPrints('inspect', '--format', '{{.Size}}', image));
    const bytes = (await sizeOf(imageOf('worker'))) - (await sizeOf(await baseImage()));
    process.stdout.write(`worker: ${Math.round(bytes / 1e6)} MB beyond its base\n`);
    expect(bytes).toBeLessThan(300e6);
  });

  it('has the program that is built here from the same sources', async () => {
    const list = 'cd dist && find . -name "*.js" | sort | xargs sha256sum';
    const digests = (await inside('worker', 'sh', '-c', list)).split('\n');
    // A folder that was built before may hold more.
    const here = new Set((await said('sh', ['-c', list])).stdout.trim().split('\n'));
    expect(digests.length).toBeGreaterThan(100);
    expect(digests.filter((one) => !here.has(one))).toEqual([]);
  });

  it('serves, is healthy, and ends in order at the first signal', async () => {
    const { name, url } = await givenWorker(['--health-interval', '1s']);
    expect(await dockerPrints('top', name, '-o', 'pid,args')).toContain('node /app/dist/main.js run');
    const body = JSON.stringify([{ userId: 'ada', itemId: 'dune', rating: 5 }]);
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/ratings`, { method: 'POST', headers, body })).status).toBe(202);
    const health = (): Promise<string> => dockerPrints('inspect', '--format', '{{.State.Health.Status}}', name);
    await until('the container is healthy', async () => (await health()) === 'healthy');
    await dockerPrints('stop', '--time', '30', name);
    expect(await dockerPrints('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
    expect(await dockerPrints('logs', name)).toMatch(/"reason":"SIGTERM","msg":"draining"[\s\S]*"msg":"stopped"/);
  });

  it('is unhealthy when its event loop stands still', { timeout: 90_000 }, async () => {
    const often = [
      '--health-interval',
      '1s',
      '--health-timeout',
      '2s',
      '--health-retries',
      '2',
      '--health-start-period',
      '1s',
    ];
    const { name } = await givenWorker(often);
    const pid = Number(await dockerPrints('inspect', '--format', '{{.State.Pid}}', name));
    process.kill(pid, 'SIGSTOP');
    try {
      const health = (): Promise<string> => dockerPrints('inspect', '--format', '{{.State.Health.Status}}', name);
      await until('the container is unhealthy', async () => (await health()) === 'unhealthy', 60_000, 200);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  describe('on a real broker', () => {
    let cluster: LocalCluster;
    beforeAll(async () => {
      cluster = await startLocalKafka();
    }, 180_000);
    afterAll(() => cluster.stop());

    it('has no package that neither a worker nor an operator’s command loads', { timeout: 240_000 }, async () => {
      const ratings = join(folder, 'ratings.csv');
      writeFileSync(ratings, 'userId,itemId,rating,timestamp\nu1,i1,4,1700000000\nu2,i1,3,1700000001\n', {
        mode: 0o644,
      });
      const tracing = [
        ...['--volume', `${root}test/support/deploy/images/trace-packages.mjs:/trace.mjs:ro`],
        ...['--volume', `${folder}:/files:ro`, '--env', 'NODE_OPTIONS=--import=/trace.mjs'],
      ];
      await dockerPrints(
        'run',
        '--rm',
        '--volume',
        `${folder}:/files`,
        '--user',
        '0',
        '--entrypoint',
        'chmod',
        imageOf('worker'),
        '755',
        '/files',
      );
      const loaded = new Set<string>();
      const note = (text: string): void => {
        for (const [, names = ''] of text.matchAll(/^LOADED (.*)$/gm))
          for (const name of names.split(' ')) loaded.add(name);
      };
      const command = async (...words: readonly string[]): Promise<void> => {
        const { code, stdout, stderr } = await docker(
          'run',
          '--rm',
          '--tty',
          ...closed,
          ...tracing,
          imageOf('worker'),
          ...words,
        );
        expect({ words, code, stderr }).toMatchObject({ code: 0 });
        note(stdout.replaceAll('\r', ''));
      };
      const place = ['--brokers', cluster.brokers.join(','), '--app', uniqueName('packages')];
      const topics = [
        '--topics',
        Object.entries({
          ratings: `${place[3]!}-r`,
          predictions: `${place[3]!}-p`,
          users: `${place[3]!}-u`,
          items: `${place[3]!}-i`,
        })
          .map((pair) => pair.join('='))
          .join(','),
      ];
      await command('topics', 'create', '--partitions', '2', ...place, ...topics);
      await command('topics', 'check', ...place, ...topics);
      await command('replay', '--ratings', '/files/ratings.csv', '--scale', '1..5', ...place, ...topics);
      await command('demo', '--events', '2000', ...place, '--create-topics');
      await command('doctor');
      const [port] = await freePorts(1);
      const flags = ['--scale', '1..5', '--http-port', String(port!), '--data', '/data', ...place, ...topics];
      const name = await givenRunning('worker', [...tracing, '--volume', '/data'], ['run', ...flags]);
      const url = `http://127.0.0.1:${port!}`;
      await until('the worker is ready', async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok, 60_000);
      for (const path of ['/metrics', '/users/u1/predictions/i1', '/openapi.json']) await fetch(`${url}${path}`);
      await dockerPrints('stop', '--time', '30', name);
      note((await docker('logs', name)).stderr);
      const unused = (await packagesIn('worker')).filter(({ name: one }) => !loaded.has(one));
      expect(unused.map(({ path }) => path)).toEqual([]);
    });
  });
});

describe('the page about Docker', () => {
  it('has commands that build the images, and run one worker without Kafka', { timeout: 600_000 }, async () => {
    expect([...new Set(blockKinds('docker.md'))].sort()).toEqual(['sh compose', 'sh docker']);
    const [port] = await freePorts(1);
    const name = uniqueName('freshet');
    const images_ = `NODE_IMAGE=${await baseImage()}`;
    const functions = `set -euo pipefail
      docker() { [ "$1" = build ] || { command docker "$@"; return; }; shift; command docker build --network=host --build-arg ${images_} "$@"; }
    `;
    const script = (code: string): string =>
      functions +
      code
        .replaceAll('127.0.0.1:8080:', `127.0.0.1:${port!}:`)
        .replace(/--name freshet\b/, `--name ${name}`)
        .replaceAll('--volume freshet:', `--volume ${name}:`)
        .replace(/(docker exec|--time 60) freshet\b/g, `$1 ${name}`);
    const run = async (code: string): Promise<string> => {
      const { code: exit, stdout, stderr } = await said('bash', ['-c', script(code)]);
      expect({ exit, stderr }).toMatchObject({ exit: 0 });
      return stdout;
    };
    const [build = '', start = '', look = '', ...others] = blocksOf('docker.md', 'docker');
    expect(others).toEqual([]);
    try {
      await run(build);
      await run(start);
      const ready = async () => (await fetch(`http://127.0.0.1:${port!}/readyz`).catch(() => undefined))?.ok;
      await until('the worker is ready', ready);
      expect(await run(look)).toContain('ratings');
      expect(await dockerPrints('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
    } finally {
      await docker('rm', '--force', '--volumes', name);
      await docker('volume', 'rm', '--force', name);
      await docker('rmi', 'freshet-worker', 'freshet-trainer');
    }
  });
});

describe('the trainer’s image', () => {
  it('computes on TensorFlow’s own library', async () => {
    const program = `import('/app/dist/adapters/tensorflow/load-native.js').then(({ loadNative, linkedNative }) => {
      const tf = loadNative();
      const w = tf.variable(tf.tensor2d([[1, 2], [3, 4]]));
      tf.train.sgd(0.1).minimize(() => tf.sum(tf.mul(w, w)));
      console.log(JSON.stringify({ backend: tf.getBackend(), w: [...w.dataSync()], ...linkedNative() }));
    })`;
    const printed = await inside('trainer', 'node', '-e', program);
    const answer = JSON.parse(printed.split('\n').at(-1) ?? '') as { backend: string; w: number[] };
    expect(answer).toMatchObject({ backend: 'tensorflow', tensorFlowVersion: '2.15.1' });
    expect(answer.w.map((one) => Math.round(one * 1000) / 1000)).toEqual([0.8, 1.6, 2.4, 3.2]);
  });
});
