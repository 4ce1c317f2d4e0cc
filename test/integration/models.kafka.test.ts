/** A trainer and two workers of a group on a real broker: what it trains, all of them serve, and one command takes it back. */
import { afterEach, expect, test, vi } from 'vitest';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import type { ModelRecord } from '../../src/ports/models.ts';
import { describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { runForJson, runCommand } from '../support/run-command.ts';
import { joinGroup, placeOf } from './group-member.ts';
import { killAll, stop, tryRun, type RunningWorker } from './running-worker.ts';

const table = syntheticRatings({ seed: 3, events: 12_000, users: 300, items: 200 });
let sent = 0;

async function post(worker: RunningWorker, count: number): Promise<void> {
  const ratings = Array.from({ length: count }, () => {
    const at = sent++ % table.ratings.length;
    const [userId, itemId] = [table.users[table.userIndex[at]!], table.items[table.itemIndex[at]!]];
    return { userId, itemId, rating: table.ratings[at], ratedAt: 1_700_000_000_000 + 1000 * sent };
  });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body: JSON.stringify(ratings) });
  expect(answer.status).toBe(202);
}

describeKafka('networks in a group', () => {
  afterEach(killAll);

  test('are trained by one, served by all, and rolled back by a command', { timeout: 120_000 }, async () => {
    const app = uniqueName('nets');
    const first = await joinGroup(app, 2, ['--scale', '1..5']);
    const second = await joinGroup(app, 2, ['--scale', '1..5']);
    const started = await tryRun(placeOf(app, ['--role', 'trainer', '--scale', '1..5', '--train', 'embedding']));
    if (started.kind !== 'ready') throw new Error(started.stderr);
    const trainer = started.worker;
    const place = placeOf(app);
    const record = async (): Promise<ModelRecord> =>
      (await runForJson<{ models: ModelRecord[] }>('models', 'list', ...place)).models[0]!;
    const outcomes = async (): Promise<string[]> => (await record()).events.map(({ outcome }) => outcome);
    const eventually = (holds: () => Promise<boolean>): Promise<boolean> =>
      vi.waitUntil(holds, { timeout: 60_000, interval: 200 });

    await post(first, 6000);
    await runForJson('models', 'train', 'embedding', ...place);
    await eventually(async () => (await outcomes()).includes('shadowing'));
    const metrics = await (await fetch(`${trainer.url}/metrics`)).text();
    expect(metrics).toMatch(/freshet_model_events_total\{kind="embedding",outcome="trained"\} 1/);

    // The stream goes on: what was rated before a worker had the candidate says nothing about it.
    await eventually(async () => {
      await post(second, 500);
      return (await outcomes()).includes('promoted');
    });
    const { serving } = await record();
    const served = async (worker: RunningWorker, user: string): Promise<unknown> => {
      const answer = await fetch(`${worker.url}/users/${user}/predictions/${table.items[0]}`);
      return ((await answer.json()) as { modelVersions?: unknown }).modelVersions;
    };
    // Users of both partitions, so of both workers.
    for (const user of table.users.slice(0, 8)) {
      await eventually(
        async () => JSON.stringify(await served(first, user)) === JSON.stringify({ embedding: serving }),
      );
    }

    await runForJson('models', 'roll-back', 'embedding', ...place);
    for (const user of table.users.slice(0, 8)) {
      await eventually(async () => JSON.stringify(await served(second, user)) === '{}');
    }
    expect((await outcomes()).at(-1)).toBe('rolled-back');
    const again = await runCommand('models', 'roll-back', 'embedding', ...place);
    expect(again).toMatchObject({ code: 1, stdout: expect.stringContaining('nothing to roll back') });
    for (const worker of [trainer, first, second]) expect((await stop(worker)).code).toBe(0);
  });
});
