/** Pods of the chart on a real broker, through the Docker daemon: they are deleted and killed under load. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage, docker, dockerPrints } from '../support/deploy/docker.ts';
import { startPod, type Manifest, type PodSpec } from '../support/deploy/pod.ts';
import { kubernetesPrograms } from '../support/deploy/tools.ts';
import { freePorts } from '../support/kafka/free-ports.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { uniqueName } from '../support/kafka/suite.ts';
import { until } from '../support/kafka/until.ts';
import { warmUp } from '../support/kafka/warm-up.ts';
import { chartFolder } from './chart.ts';
import { placesWhenPredicted } from './predicted-once.ts';
import { removeFolder } from '../support/remove-folder.ts';

interface Pod {
  readonly name: string;
  readonly url: string;
}

const folder = mkdtempSync(join(tmpdir(), 'freshet-pods-'));
const started: string[] = [];
let image: string;
let cluster: LocalCluster;
let manifests: readonly Manifest[];

beforeAll(async () => {
  // Files of a ConfigMap are for the user of the pod, too.
  chmodSync(folder, 0o755);
  image = await buildImage('worker');
  cluster = await startLocalKafka();
  await warmUp(cluster.brokers);
  const helm = (await kubernetesPrograms()).path('helm');
  const values = ['--values', join(chartFolder, 'profiles/minimal.yaml'), '--set', 'worker.replicas=2'];
  const brokers = ['--set', `kafka.brokers={${cluster.brokers.join(',')}}`];
  const words = ['template', 'shop', chartFolder, '--kube-version', '1.35.4', ...values, ...brokers];
  const { stdout } = await promisify(execFile)(helm, words, { maxBuffer: 1e8 });
  manifests = parseAllDocuments(stdout).flatMap((document) => (document.toJSON() as Manifest | null) ?? []);
}, 2_400_000);
afterAll(async () => {
  for (const name of started) await docker('rm', '--force', '--volumes', name);
  await cluster.stop();
  removeFolder(folder);
}, 120_000);

function podOf(kind: string): PodSpec {
  const spec = manifests.find((one) => one.kind === kind)?.spec?.template?.spec;
  if (spec === undefined) throw new Error(`the chart makes no ${kind}`);
  return spec;
}

/** A worker whose readiness probe succeeds. */
async function givenReadyWorker(): Promise<Pod> {
  const pod = podOf('Deployment');
  const [port] = await freePorts(1);
  const name = uniqueName('freshet-pod');
  started.push(name);
  const own = {
    FRESHET_HTTP_HOST: '127.0.0.1',
    FRESHET_HTTP_PORT: String(port!),
    FRESHET_HTTP_ADVERTISE: `127.0.0.1:${port!}`,
  };
  await startPod(name, pod, { image, folder, manifests, own });
  const url = `http://127.0.0.1:${port!}`;
  const probe = pod.containers[0].readinessProbe!.httpGet.path;
  const isReady = async () => (await fetch(`${url}${probe}`).catch(() => undefined))?.ok;
  await until(`${name} is ready`, isReady, 90_000).catch(async (error: unknown) => {
    const { stdout, stderr } = await docker('logs', name);
    throw new Error(`${String(error)}: ${`${stdout}${stderr}`.slice(-2000)}`);
  });
  return { name, url };
}

const exitCode = (name: string): Promise<string> => dockerPrints('inspect', '--format', '{{.State.ExitCode}}', name);

/** Sends ratings to whichever worker takes them, until it is stopped; resolves to how many. */
function feed(workers: Pod[]): () => Promise<number> {
  let isOver = false;
  let sent = 0;
  const headers = { 'content-type': 'application/json' };
  const feeding = (async () => {
    for (let turn = 0; !isOver; turn++) {
      const ratings = Array.from({ length: 50 }, (_, i) => {
        const event = turn * 50 + i;
        return { userId: `u${event % 700}`, itemId: `i${(event * 7) % 300}`, rating: 1 + (event % 5) };
      });
      const { url } = workers[turn % workers.length]!;
      const answer = await fetch(`${url}/ratings`, { method: 'POST', headers, body: JSON.stringify(ratings) }).catch(
        () => undefined,
      );
      if (answer?.status === 202) sent += ratings.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return async () => {
    isOver = true;
    await feeding;
    return sent;
  };
}

describe('the pods of the chart', () => {
  it('the job makes the topics', { timeout: 120_000 }, async () => {
    const name = uniqueName('freshet-pod');
    started.push(name);
    await startPod(name, podOf('Job'), { image, folder, manifests });
    await dockerPrints('wait', name);
    expect([await exitCode(name), (await docker('logs', name)).stderr]).toEqual(['0', '']);
  });

  it('workers become ready, predict, and are deleted and killed with no prediction doubled or lost', async () => {
    const workers = [await givenReadyWorker(), await givenReadyWorker()];
    const stopFeeding = feed(workers);
    const predicts = async ({ url }: Pod): Promise<boolean> => {
      const answer = await fetch(`${url}/users/u1/predictions/i7`).catch(() => undefined);
      return answer?.ok === true && Number.isFinite(((await answer.json()) as { prediction: number }).prediction);
    };
    for (const worker of workers) await until(`${worker.name} predicts`, () => predicts(worker), 60_000, 100);
    // Deleted: another one is ready first, as the Deployment has it.
    const [deleted, killed] = workers as [Pod, Pod];
    workers.push(await givenReadyWorker());
    const grace = podOf('Deployment').terminationGracePeriodSeconds!;
    await dockerPrints('stop', '--time', String(grace), deleted.name);
    expect(await exitCode(deleted.name)).toBe('0');
    workers.splice(workers.indexOf(deleted), 1);
    // Its node is gone.
    await dockerPrints('kill', killed.name);
    workers.splice(workers.indexOf(killed), 1);
    workers.push(await givenReadyWorker());
    for (const worker of workers) await until(`${worker.name} predicts`, () => predicts(worker), 60_000, 100);
    const sent = await stopFeeding();
    const { ratings, predicted } = await placesWhenPredicted(cluster.brokers);
    process.stdout.write(`${ratings.length} ratings, each predicted once; one worker deleted, one killed\n`);
    expect(ratings.length).toBeGreaterThanOrEqual(Math.max(500, sent));
    expect(predicted).toEqual(ratings);
  }, 300_000);
});
