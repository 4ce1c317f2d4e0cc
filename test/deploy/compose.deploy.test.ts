/** The services of the Compose file, started: they talk to each other, and a killed worker doubles nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../docs/pages.ts';
import { prepareComposition, runCompose, type Composition } from '../support/deploy/compose.ts';
import { docker, dockerPrints } from '../support/deploy/docker.ts';
import { blocksOf } from './page-blocks.ts';
import { placesWhenPredicted } from './predicted-once.ts';
import { uniqueName } from '../support/kafka/suite.ts';
import { until } from '../support/kafka/until.ts';

it('a real Compose accepts the file, and finds all services in it', async () => {
  const file = ['--file', `${root}deploy/compose.yaml`];
  expect(await runCompose(...file, 'config', '--quiet')).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await runCompose(...file, 'config', '--services');
  const services = ['grafana', 'kafka', 'prometheus', 'ratings', 'registry', 'schemas', 'topics', 'trainer', 'worker'];
  expect(stdout.trim().split('\n').sort()).toEqual(services);
});

/** The page's way: up, ask, down. */
const blocks = blocksOf('docker.md', 'compose');

describe('the composition, with images that are made here', () => {
  let composition: Composition;
  beforeAll(async () => {
    composition = await prepareComposition(uniqueName('freshet'));
    expect(blocks.length).toBe(3);
    const up = await composition.shell(blocks[0]!);
    if (up.code !== 0) throw new Error(`${up.stdout}${up.stderr}`.slice(-3000));
  }, 1_500_000);
  afterAll(() => composition.down(), 120_000);

  const query = async (expr: string): Promise<number | undefined> => {
    const url = `${composition.prometheusUrl}/api/v1/query?query=${encodeURIComponent(expr)}`;
    const answer = await fetch(url)
      .then((response) => response.json())
      .catch(() => undefined);
    const { data } = (answer ?? {}) as { data?: { result: { value: [number, string] }[] } };
    const value = data?.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  };
  const predicts = async (): Promise<boolean> => {
    const answer = await fetch(`${composition.workerUrl}/users/user-1/recommendations?count=3`).catch(() => undefined);
    return (
      answer?.ok === true && ((await answer.json()) as { recommendations: unknown[] }).recommendations.length === 3
    );
  };
  const workerId = async (): Promise<string> => (await composition.compose('ps', '--quiet', 'worker')).stdout.trim();

  it('predicts what the ratings service sends', { timeout: 120_000 }, async () => {
    await until('the worker recommends', predicts, 90_000, 200);
    const { code, stdout } = await composition.shell(blocks[1]!);
    expect({ code, answer: JSON.parse(stdout) as unknown }).toMatchObject({ code: 0, answer: { userId: 'user-1' } });
  });

  it('has topics and schemas', async () => {
    const list = "fetch('http://localhost:8080/apis/ccompat/v7/subjects').then((r) => r.text()).then(console.log)";
    const { stdout } = await composition.compose('exec', '-T', 'registry', 'node', '-e', list);
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining(['ratings-value', 'predictions-value']));
  });

  it('is scraped, worker and trainer, with the alert rules in place', { timeout: 120_000 }, async () => {
    await until('both are up', async () => (await query('sum(up{job="freshet"})')) === 2, 90_000, 500);
    await until(
      'ratings are counted',
      async () => ((await query('sum(freshet_predictions_total)')) ?? 0) > 500,
      90_000,
      500,
    );
    const rules = await (await fetch(`${composition.prometheusUrl}/api/v1/rules`)).text();
    expect(rules).toContain('FreshetLagGrowing');
  });

  it('goes on when the worker is killed, and doubles and loses no prediction', { timeout: 180_000 }, async () => {
    const pid = Number(await dockerPrints('inspect', '--format', '{{.State.Pid}}', await workerId()));
    process.kill(pid, 'SIGKILL');
    const restarts = async (): Promise<number> =>
      Number(await dockerPrints('inspect', '--format', '{{.RestartCount}}', await workerId()));
    await until('the daemon starts it again', async () => (await restarts()) > 0, 30_000, 100);
    await until('it predicts again', predicts, 90_000, 200);
    await composition.compose('stop', 'ratings');
    const places = await placesWhenPredicted(composition.brokers);
    expect(places.ratings.length).toBeGreaterThan(500);
    expect(places.predicted).toEqual(places.ratings);
  });

  it('ends in order', { timeout: 90_000 }, async () => {
    const id = await workerId();
    await composition.compose('stop', '--timeout', '60', 'worker');
    expect(await dockerPrints('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
    expect((await docker('logs', id)).stdout).toContain('"msg":"stopped"');
  });

  it('goes, with its volumes', { timeout: 90_000 }, async () => {
    expect(await composition.shell(blocks[2]!)).toMatchObject({ code: 0 });
    expect((await composition.compose('ps', '--quiet')).stdout.trim()).toBe('');
  });
});
