/** Whether learning one by one has drifted: over a file, and in the folder of a worker. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { agreementForPeople, saidOf } from '../../src/cli/agreement/report.ts';
import type { ModelsAgreement } from '../../src/cli/models/agree.ts';
import { killAll, start, stop } from '../integration/running-worker.ts';
import { page } from '../docs/pages.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { runFreshet } from '../support/run-freshet.ts';
import { removeFolder } from '../support/remove-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'freshet-agreement-'));
afterAll(() => removeFolder(folder));
afterEach(killAll);

const table = syntheticRatings({ seed: 2, events: 1600, users: 60, items: 60, drift: 0 });
const ratings = Array.from({ length: 1600 }, (_, n) => ({
  userId: table.users[table.userIndex[n]!]!,
  itemId: table.items[table.itemIndex[n]!]!,
  rating: table.ratings[n]!,
  ratedAt: table.ratedAtMs[n]!,
}));
const file = join(folder, 'ratings.csv');
writeFileSync(
  file,
  ['user,item,rating,time', ...ratings.map((r) => [r.userId, r.itemId, r.rating, r.ratedAt / 1000].join())].join('\n'),
);
const number = expect.any(Number) as number;
const expert = {
  ...{ apartRmse: number, rankCorrelation: number, inBothLists: number, onlineRmse: number, scratchRmse: number },
  verdict: expect.stringMatching(/^(better|alike|worse)$/) as string,
};
const agreement = {
  ...{ protocol: 'agreement', seen: number, next: 80, topItems: 10, topUsers: 50, hasDrifted: false },
  says: expect.stringMatching(/apart from training from scratch by \d\.\d{4}.*It has not drifted\.$/) as string,
};

/** The object that docs/models.md shows. */
const shown = JSON.parse(
  /```json\n(\{ "protocol": "agreement"[^]*?)```/.exec(page('models.md'))?.[1] ?? '{}',
) as ModelsAgreement;

describe('freshet evaluate --protocol agreement', () => {
  test('prints the object that the page shows, with networks too', async () => {
    const words = ['evaluate', '--protocol', 'agreement', '--ratings', file, '--scale', '0.5..5', '--json'];
    const { code, stdout } = await runFreshet([...words, '--retrain-every', '1000', '--models', 'autoencoder']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as ModelsAgreement;
    expect(report).toEqual({
      ...agreement,
      experts: {
        mean: { ...expert, rankCorrelation: null, inBothLists: null },
        ...{ bias: expert, factors: expert, autoencoder: expert, blend: expert },
      },
    });
    expect(agreementForPeople(report)).toMatch(/blend\s+│ \d\.\d{4} │ .* (better|worse) by \d\.\d{4} \(\d+\.\d %\)/);
    expect(agreementForPeople(report)).toContain(saidOf(report));
    const { offsets, leftOut, published, ...both } = shown;
    expect([offsets, leftOut, published]).not.toContain(undefined);
    expect(Object.keys(both).sort()).toEqual(Object.keys(report).sort());
    expect(Object.keys(both.experts['blend']!)).toEqual(Object.keys(report.experts['blend']!));
  });
});

describe('freshet models agree', () => {
  test('compares what a worker at work has learned, beside what it published', async () => {
    // One effort for all: what a worker does under auto is another one while many ratings wait.
    const worker = await start(join(folder, 'data'), ['--scale', '0.5..5', '--train', 'none', '--effort', 'full']);
    for (let at = 0; at < ratings.length; at += 1000) {
      const body = JSON.stringify(ratings.slice(at, at + 1000));
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body })).status).toBe(202);
    }
    const data = ['--data', join(folder, 'data')];
    const pending = async (): Promise<number> => (await runForJson<{ pending: number }>('inspect', ...data)).pending;
    await vi.waitUntil(async () => (await pending()) === 0, { timeout: 20_000, interval: 100 });
    const { code, stdout, stderr } = await runFreshet(['models', 'agree', ...data, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as ModelsAgreement;
    expect(report).toMatchObject({ ...agreement, offsets: { '0': 1520 }, leftOut: [] });
    expect(Object.keys(report).sort()).toEqual(Object.keys(shown).sort());
    // What the worker published is what its log gives when it is gone through again.
    expect(report.published.ratings).toBe(80);
    for (const [name, { onlineRmse }] of Object.entries(report.experts)) {
      expect(report.published.experts[name]).toBeCloseTo(onlineRmse, 5);
    }
    expect(agreementForPeople(report)).toMatch(/as published/);
    expect((await stop(worker)).code).toBe(0);
  });

  test('says what it needs', async () => {
    const elsewhere = await runCommand('models', 'agree', '--http', 'http://127.0.0.1:1');
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('does not hand out over HTTP') });
    const nowhere = await runCommand('models', 'agree', '--data', join(folder, 'none'));
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no log in it') });
  });
});
