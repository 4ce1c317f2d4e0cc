import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { runCommand, runForJson } from '../support/run-command.ts';

const newFolder = tempFolders();

async function givenRatings(): Promise<string> {
  const folder = newFolder();
  const file = join(folder, 'ratings.csv');
  writeFileSync(file, 'userId,itemId,rating,timestamp\nu1,i1,5,100\nu1,i2,1,200\nu2,i1,4,300\n');
  await runForJson('replay', '--ratings', file, '--data', join(folder, 'data'), '--scale', '1..5');
  return join(folder, 'data');
}

it('deletes the user and takes the remembered ratings out of the items', async () => {
  const data = await givenRatings();
  expect(await runForJson('forget', 'user', 'u1', '--data', data)).toEqual({
    userId: 'u1',
    partition: 0,
    offset: 3,
    known: true,
    rememberedRatings: 2,
  });
  expect(await runCommand('inspect', 'user', 'u1', '--data', data)).toMatchObject({ code: 1 });
  expect(await runForJson('inspect', 'item', 'i1', '--data', data)).toMatchObject({ weightSum: 1 });
  expect(await runForJson('inspect', '--data', data)).toMatchObject({ users: 1, pending: 0 });
  const again = await runCommand('forget', 'user', 'u1', '--data', data);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was known of user u1') });
});

it('names the HTTP call while a worker holds the folder, and appends nothing', async () => {
  const data = await givenRatings();
  const store = await openEmbedded({ folder: data });
  try {
    const { code, stderr } = await runCommand('forget', 'user', 'u 1', '--data', data);
    expect(code).toBe(1);
    expect(stderr).toContain('held by another process');
    expect(stderr).toContain('DELETE /users/u%201');
    expect(store.end('ratings', 0)).toBe(3);
  } finally {
    await store.close();
  }
});

it('makes no folder, and takes no id that nobody can have', async () => {
  const folder = newFolder();
  expect(await runCommand('forget', 'user', 'u1', '--data', join(folder, 'no'))).toMatchObject({ code: 1 });
  expect(readdirSync(folder)).toEqual([]);
  const data = await givenRatings();
  const { code, stderr } = await runCommand('forget', 'user', 'x'.repeat(257), '--data', data);
  expect(code).toBe(1);
  expect(stderr).toContain('257 bytes');
});

it('wants a folder or a worker', async () => {
  expect(await runCommand('forget', 'user', 'u1')).toMatchObject({ code: 2 });
  expect(await runCommand('forget', 'item', 'i1', '--data', 'd')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('KIND'),
  });
});
