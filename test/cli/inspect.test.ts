import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { defaultSettings, withPosterior } from '../../src/model/settings.ts';
import { withBatchWorker } from '../../src/cli/batch-worker.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { capturedIo } from '../support/captured-io.ts';
import { runCommand, runForJson } from '../support/run-command.ts';

const newFolder = tempFolders();

async function givenRatings(...rows: readonly string[]): Promise<string> {
  const folder = newFolder();
  const file = join(folder, 'ratings.csv');
  writeFileSync(file, ['userId,itemId,rating,timestamp', ...rows].join('\n'));
  await runForJson('replay', '--ratings', file, '--data', join(folder, 'data'), '--scale', '0.5..5');
  return join(folder, 'data');
}

it('tells what a folder holds', async () => {
  const data = await givenRatings('u1,i1,3.5,100', 'u1,i2,0.5,200', 'u2,i1,5,300');
  const summary = await runForJson('inspect', '--data', data);
  expect(summary).toMatchObject({
    ratingsApplied: 3,
    users: 2,
    items: 2,
    deadLetters: 0,
    rmse: expect.any(Number),
    mae: expect.any(Number),
    predictions: 3,
    pending: 0,
    scale: [0.5, 5],
    partitions: [{ partition: 0, users: 2, ratings: 3, committedOffset: 3, predictions: 3, deadLetters: 0 }],
  });
  expect((summary['experts'] as Record<string, unknown>)['blend']).toEqual({
    rmse: summary['rmse'],
    mae: summary['mae'],
  });
  const { stdout } = await runCommand('inspect', '--data', data);
  expect(stdout).toContain('3 ratings learned of 2 users and 2 items, scale 0.5..5');
});

it('shows a user: ratings as they were given, latest first', async () => {
  const data = await givenRatings('u1,i1,3.5,100', 'u1,i2,0.5,200', 'u2,i1,5,300', 'u1,i3,4,400', 'u1,i1,5,500');
  const user = await runForJson('inspect', 'user', 'u1', '--data', data);
  expect(user).toMatchObject({
    known: true,
    userId: 'u1',
    partition: 0,
    counts: { weight: 3, learned: 4, remembered: 3 },
    remembered: [
      { itemId: 'i1', rating: 5, weight: 1, ratedAt: '1970-01-01T00:08:20.000Z' },
      { itemId: 'i3', rating: 4, weight: 1, ratedAt: '1970-01-01T00:06:40.000Z' },
      { itemId: 'i2', rating: 0.5, weight: 1, ratedAt: '1970-01-01T00:03:20.000Z' },
    ],
  });
  expect(user['factors']).toHaveLength(defaultSettings.k);
  expect((await runCommand('inspect', 'user', 'u1', '--data', data)).stdout).toContain('latest first');
});

it('remembers the latest ratings of a user who rated more than are kept, in their order', async () => {
  const data = await givenRatings(...Array.from({ length: 300 }, (_, i) => `u1,i${i},${1 + (i % 9) / 2},${100 + i}`));
  const { remembered } = await runForJson<{ remembered: { itemId: string; rating: number }[] }>(
    ...['inspect', 'user', 'u1', '--data', data],
  );
  // As a folder is learned unless it is asked for otherwise.
  const { historyLimit } = withPosterior(defaultSettings);
  expect(remembered.map(({ itemId, rating }) => [itemId, rating])).toEqual(
    Array.from({ length: historyLimit }, (_, age) => [`i${299 - age}`, 1 + ((299 - age) % 9) / 2]),
  );
});

it('levels and biases are in the scale of the ratings', async () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `u${i % 6},i${Math.floor(i / 6)},${i % 6 === 0 ? 5 : 3},${100 + i}`,
  );
  const data = await givenRatings(...rows, ...Array.from({ length: 6 }, (_, i) => `u${i},low,0.5,${1000 + i}`));
  const high = await runForJson<{ level: { long: number } }>('inspect', 'user', 'u0', '--data', data);
  const usual = await runForJson<{ level: { long: number } }>('inspect', 'user', 'u1', '--data', data);
  const low = await runForJson<{ bias: number; weightSum: number }>('inspect', 'item', 'low', '--data', data);
  expect(high.level.long - usual.level.long).toBeGreaterThan(0.6);
  expect(high.level.long).toBeLessThan(2);
  expect(low.bias).toBeLessThan(-1);
  expect(low.weightSum).toBe(6);
});

it('says when it knows nothing of an id', async () => {
  const data = await givenRatings('u1,i1,3.5,100');
  for (const [kind, key] of [
    ['user', 'userId'],
    ['item', 'itemId'],
  ] as const) {
    const { code, stdout } = await runCommand('inspect', kind, 'nobody', '--data', data, '--json');
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 1,
      answer: { [key]: 'nobody', known: false },
    });
  }
});

it('looks while a worker holds the folder, sums items over its partitions and changes nothing', async () => {
  const folder = newFolder();
  const scale = { lo: 1, hi: 5 };
  const codec = createCodec({ scale, nowMs: () => Date.now() });
  const store = await openEmbedded({ folder, partitionCount: 2 });
  try {
    await withBatchWorker(store, { settings: defaultSettings, scale, codec }, capturedIo().io, async (worker) => {
      for (let i = 0; i < 20; i++) {
        const rating = { userId: `u${i}`, itemId: 'both', rating: 4, ratedAtMs: 1000 * i, eventId: null, weight: 1 };
        await store.append(worker.serving.partitionOf(rating.userId), [
          { key: Buffer.from(rating.userId), value: codec.encodeRating(rating) },
        ]);
      }
      await worker.caughtUp();
      expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 20, users: 20, items: 1 });
      expect(await runForJson('inspect', 'item', 'both', '--data', folder)).toMatchObject({ weightSum: 20 });
      expect(await runForJson('inspect', 'user', 'u7', '--data', folder)).toMatchObject({
        partition: worker.serving.partitionOf('u7'),
      });
    });
  } finally {
    await store.close();
  }
});

it('tells an empty folder from one that was never used, and makes none', async () => {
  const folder = newFolder();
  expect(await runCommand('inspect', '--data', join(folder, 'no'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is no data folder'),
  });
  expect(await runCommand('inspect', '--data', join(folder, 'no'))).toMatchObject({ code: 1 });
  await (await openEmbedded({ folder })).close();
  expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 0, rmse: null, scale: null });
});

it('says that a damaged folder is damaged', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'data.mdb'), Buffer.alloc(65536, 7));
  const { code, stderr } = await runCommand('inspect', '--data', folder);
  expect(code).toBe(1);
  expect(stderr).toContain('is damaged, or is something else');
});

it('asks for the id of a kind', async () => {
  const { code, stderr } = await runCommand('inspect', 'user', '--data', 'd');
  expect(code).toBe(2);
  expect(stderr).toContain('inspect user ID');
});
