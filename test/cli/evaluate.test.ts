import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCommand, runForJson } from '../support/run-command.ts';
import { runFreshet } from '../support/run-freshet.ts';
import { removeFolder } from '../support/remove-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'freshet-evaluate-'));
afterAll(() => removeFolder(folder));

function ratingsFile(name: string, rows: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.join('\n'));
  return path;
}

const mine = ratingsFile('mine.tsv', [
  'customer\tsku\tstars\twhen',
  ...Array.from({ length: 400 }, (_, i) => `u${i % 17}\ti${(i * 7) % 23}\t${(i % 9) / 2 + 0.5}\t${1e9 + i}`),
]);
const columns = 'user=customer,item=sku,rating=stars,time=when';

describe('freshet evaluate', () => {
  test('prints the object that other programs rely on', async () => {
    const report = await runForJson('evaluate', '--ratings', mine, '--columns', columns, '--scale', '0.5..5');
    const error = { rmse: expect.any(Number) as number, mae: expect.any(Number) as number };
    expect(report).toMatchObject({
      protocol: 'prequential',
      ratings: 400,
      users: 17,
      items: 23,
      scale: [0.5, 5],
      ...error,
      lastHalf: error,
      experts: { mean: error, bias: error, factors: error, blend: error },
      eventsPerSecond: expect.any(Number) as number,
      microsecondsPerEvent: expect.any(Number) as number,
      peakRssBytes: expect.any(Number) as number,
    });
    const { rmse, experts } = report as { rmse: number; experts: { blend: { rmse: number } } };
    expect(rmse).toBe(experts.blend.rmse);
  });

  test('gives the same bits each time, and others with another effort', async () => {
    const rmse = async (...more: string[]): Promise<unknown> =>
      (await runForJson('evaluate', '--ratings', mine, '--columns', columns, ...more))['rmse'];
    const [first, second, fast] = [await rmse(), await rmse(), await rmse('--effort', 'fast')];
    expect(second).toBe(first);
    expect(fast).not.toBe(first);
  });

  test('says that it took the scale from the file, and shows a table to people', async () => {
    const { code, stdout, stderr } = await runCommand('evaluate', '--ratings', mine, '--columns', columns);
    expect(code).toBe(0);
    expect(stderr).toContain('scale 0.5..4.5 taken from the ratings');
    expect(stdout).toMatch(/blend\s+│\s+\d\.\d{4}/);
  });

  test('ends with 1 for a file that is not there, and with 2 without a file', async () => {
    expect(await runCommand('evaluate', '--ratings', join(folder, 'none.csv'))).toMatchObject({ code: 1 });
    expect(await runCommand('evaluate')).toMatchObject({ code: 2 });
  });
});

describe('freshet evaluate --protocol holdout', () => {
  const holdout = ['evaluate', '--protocol', 'holdout', '--ratings', mine, '--columns', columns];

  test('trains networks elsewhere, and prints the object that other programs rely on', async () => {
    const words = [...holdout, '--models', 'embedding', '--scale', '0.5..5', '--json'];
    const { code, stdout, stderr } = await runFreshet(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const number = expect.any(Number) as number;
    const error = { rmse: number, mae: number };
    const figures = { ...error, precisionAt10: number, ndcgAt10: number };
    const speed = {
      epochs: number,
      trainSeconds: number,
      examplesPerSecond: number,
      microsecondsPerPrediction: number,
    };
    const model = { ...figures, ...speed, backend: expect.stringMatching(/^tfjs-/) as string, parameters: number };
    // Of a pair that was rated twice the last rating counts.
    const pairs = new Set(Array.from({ length: 400 }, (_, i) => `${i % 17} ${(i * 7) % 23}`)).size;
    expect(JSON.parse(stdout)).toEqual({
      protocol: 'holdout',
      train: pairs - Math.round(pairs / 10),
      test: Math.round(pairs / 10),
      models: { embedding: model },
      blend: figures,
      baselines: { mean: error, bias: error },
    });
  });

  test('shows a table with bars to people', async () => {
    const { code, stdout } = await runFreshet([...holdout, '--models', 'embedding', '--test-file', mine]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/embedding\s+│ █+\s+│ \d\.\d{4} │/);
    expect(stdout).toMatch(/bias \(baseline\)\s+│ █+/);
  });

  test('refuses what does not fit together', async () => {
    const refused = await runCommand(...holdout, '--models', 'shallow', '--test-file', mine);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--models shallow: there is no such network');
    expect(await runCommand(...holdout, '--test-file', mine, '--test-ratio', '.2')).toMatchObject({ code: 2 });
    const elsewhere = await runCommand('evaluate', '--ratings', mine, '--test-ratio', '.2');
    expect(elsewhere).toMatchObject({ code: 2 });
    expect(elsewhere.stderr).toContain('--test-ratio belongs to --protocol holdout');
  });
});

test('freshet evaluate --retrain-every tells how networks do on what comes after', async () => {
  const rows = Array.from(
    { length: 2600 },
    (_, i) => `u${i % 41},i${(i * 7) % 57},${1 + (((i % 41) + (i % 57)) % 5)},${1e9 + i}`,
  );
  const path = ratingsFile('many.csv', ['user,item,rating,time', ...rows]);
  const words = ['evaluate', '--ratings', path, '--retrain-every', '1000', '--models', 'embedding', '--json'];
  const { code, stdout, stderr } = await runFreshet(words);
  expect(code).toBe(0);
  const { ratings, networks } = JSON.parse(stdout) as { ratings: number; networks: Record<string, object> };
  expect(ratings).toBe(2600);
  const number = expect.any(Number) as number;
  expect(networks).toEqual({ embedding: { rmse: number, mae: number, blendRmse: number, ratings: 1600 } });
  expect(stderr).toMatch(/embedding trained on the first 1000 ratings.*\n.*the first 2000 ratings/);
});
