/** A real Prometheus over a real group: every query of the dashboard and every alert has something to say. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import type { ModelRecord } from '../../src/ports/models.ts';
import { placeOf } from '../integration/group-member.ts';
import { killAll, tryRun, type RunningWorker } from '../integration/running-worker.ts';
import { startPrometheus, type RunningPrometheus } from '../support/deploy/prometheus.ts';
import { prometheusPrograms } from '../support/deploy/tools.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { uniqueName } from '../support/kafka/suite.ts';
import { testClient } from '../support/kafka/topics.ts';
import { until } from '../support/kafka/until.ts';
import { runForJson } from '../support/run-command.ts';
import { alerts, queries } from './monitoring-files.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../deploy/prometheus/${path}`, import.meta.url));
const run = promisify(execFile);

describe('promtool', () => {
  it('finds nothing wrong with the rules', { timeout: 300_000 }, async () => {
    const promtool = (await prometheusPrograms()).path('promtool');
    expect((await run(promtool, ['check', 'rules', file('rules.yaml')])).stdout).toContain('SUCCESS');
  });

  it('sees every alert fire where it must, and not where it must not', async () => {
    const promtool = (await prometheusPrograms()).path('promtool');
    expect((await run(promtool, ['test', 'rules', file('rules.test.yaml')])).stdout).toContain('SUCCESS');
  });
});

const table = syntheticRatings({ seed: 5, events: 12_000, users: 300, items: 200 });
let sent = 0;

async function post({ url }: RunningWorker, count: number): Promise<void> {
  const ratings = Array.from({ length: count }, () => {
    const at = sent++ % table.ratings.length;
    const [userId, itemId] = [table.users[table.userIndex[at]!], table.items[table.itemIndex[at]!]];
    return { userId, itemId, rating: table.ratings[at], ratedAt: Date.now() };
  });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/ratings`, { method: 'POST', headers, body: JSON.stringify(ratings) });
  expect(answer.status).toBe(202);
}

/** Two workers and a trainer, with everything that a panel shows having happened once. */
async function givenBusyGroup({ brokers }: LocalCluster): Promise<RunningWorker[]> {
  const app = uniqueName('seen');
  const member = async (...flags: string[]): Promise<RunningWorker> => {
    const started = await tryRun(placeOf(app, ['--scale', '1..5', ...flags], brokers));
    if (started.kind === 'ready') return started.worker;
    throw new Error(`a member ended with ${started.code ?? started.signal ?? 'nothing'}: ${started.stderr}`);
  };
  const first = await member('--create-topics', '--partitions', '4');
  const second = await member();
  const trainer = await member('--role', 'trainer', '--train', 'embedding');
  const producer = testClient(brokers).producer();
  await producer.connect();
  await producer.send({ topic: `${app}-ratings`, messages: [{ key: 'u', value: 'no rating' }] });
  await producer.disconnect();
  const place = placeOf(app, [], brokers);
  const outcomes = async (): Promise<string[]> => {
    const { models } = await runForJson<{ models: ModelRecord[] }>('models', 'list', ...place);
    return (models[0]?.events ?? []).map(({ outcome }) => outcome as string);
  };
  await post(first, 6000);
  await runForJson('models', 'train', 'embedding', ...place);
  await until(
    'a network serves',
    async () => {
      await post(second, 500);
      return (await outcomes()).includes('promoted');
    },
    90_000,
    200,
  );
  return [first, second, trainer];
}

describe('Prometheus over a group of two workers and a trainer', () => {
  let cluster: LocalCluster;
  let prometheus: RunningPrometheus;
  let feeding = true;
  let fed: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    cluster = await startLocalKafka();
    const members = await givenBusyGroup(cluster);
    const targets = { freshet: members.map(({ url }) => url.replace('http://', '')) };
    prometheus = await startPrometheus(targets, file('rules.yaml'));
    fed = (async () => {
      while (feeding) {
        await post(members[0]!, 100);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
  }, 300_000);
  afterAll(async () => {
    feeding = false;
    await fed;
    await prometheus.stop();
    await killAll();
    await cluster.stop();
  });

  /** As Grafana asks. */
  const asked = (expr: string): string => expr.replaceAll('$job', 'freshet').replaceAll('$__rate_interval', '30s');

  it.each(queries())('the dashboard gets data for %s', async (expr) => {
    const samples = await until('data', async () => {
      const found = await prometheus.query(asked(expr));
      return found.length > 0 && found.every(({ value: [, value] }) => Number.isFinite(Number(value))) && found;
    });
    expect(samples.length).toBeGreaterThan(0);
  });

  it.each(alerts().filter(({ alert }) => alert !== 'FreshetNoWorkers'))(
    'what $alert compares is there',
    async ({ expr }) => {
      // A restore shows itself only while it lasts, and half an hour ago there was nobody.
      const now = expr.replaceAll(' offset 10m', '').replaceAll('[10m]', '[30s]').replaceAll('[6h]', '[30s]');
      for (const side of now.split(/\s+(?:and|[<>]=?(?: ignoring \(expert\))?|==)\s+/)) {
        if (/^[\d.* ]+$/.test(side) || /restore_progress/.test(side)) continue;
        const measured = side.replace(/^1\.1 \* /, '');
        await until(`data for ${measured}`, async () => (await prometheus.query(measured)).length > 0);
      }
    },
  );

  it('no alert is about to fire, but that about the record that is none', async () => {
    const states = await until('the rules are evaluated', async () => {
      const found = await prometheus.alertStates();
      return found.size === alerts().length && found;
    });
    const quiet = [...states].filter(([name]) => name !== 'FreshetDeadLetters' && name !== 'FreshetErrorAboveBaseline');
    expect(quiet.filter(([, state]) => state !== 'inactive')).toEqual([]);
  });
});
