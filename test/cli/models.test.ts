/** `freshet models` on a data folder, and through a running worker. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { createModelStore } from '../../src/adapters/models/model-store.ts';
import type { ModelRecord } from '../../src/ports/models.ts';
import { promoted } from '../../src/stream/model-record.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { killAll, start, stop } from '../integration/running-worker.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { runFreshet } from '../support/run-freshet.ts';
import { putVersion } from '../support/models/versions.ts';

const folderOf = tempFolders();
afterEach(killAll);

async function folderWithVersions(): Promise<string> {
  const folder = folderOf();
  const store = await openEmbedded({ folder });
  const models = createModelStore(store.models);
  await putVersion(models, 'v1', 0, (record) => promoted(record, 'v1', 1, 'by hand'));
  await putVersion(models, 'v2', 0.1, (record) => record);
  await store.close();
  return folder;
}

interface Listed {
  readonly models: readonly ModelRecord[];
}

describe('freshet models', () => {
  test('lists and shows what a folder has, for people and for programs', async () => {
    const data = ['--data', await folderWithVersions()];
    const { models } = await runForJson<Listed>('models', 'list', ...data);
    expect(models.map(({ kind, serving }) => [kind, serving])).toEqual([
      ['embedding', 'v1'],
      ...['deep', 'residual', 'autoencoder', 'rbm'].map((kind) => [kind, null]),
    ]);
    const listed = await runCommand('models', 'list', ...data);
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/embedding .* v1 .* promoted/) });
    const shown = await runCommand('models', 'show', 'embedding', ...data);
    expect(shown.stdout).toMatch(/embedding: v1 serves[^]*v2[^]*by hand/);
    expect((await runCommand('models', 'show', 'deep', ...data)).stdout).toBe('deep: nothing serves\n');
  });

  test('lets a version serve, and brings the former one back', async () => {
    const data = ['--data', await folderWithVersions()];
    expect(await runForJson('models', 'promote', 'embedding', 'v2', ...data)).toMatchObject({
      serving: 'v2',
      former: 'v1',
      shadow: { version: 'v1', as: 'former' },
    });
    expect(await runForJson('models', 'roll-back', 'embedding', ...data)).toMatchObject({
      serving: 'v1',
      shadow: null,
    });
    const unknown = await runCommand('models', 'promote', 'embedding', 'v9', ...data);
    expect(unknown).toMatchObject({ code: 1, stdout: expect.stringContaining('there is v1, v2') });
  });

  test('refuses what does not make sense, all at once', async () => {
    const wrong = await runCommand('models', 'promote', 'embedding');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/what to work on[^]*version is missing/) });
    expect(await runCommand('models', 'train', '--data', folderOf())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('kind is missing'),
    });
  });

  test('says why a training on too few ratings came to nothing', async () => {
    const data = ['--data', await folderWithVersions()];
    const { code, stdout } = await runFreshet(['models', 'train', 'embedding', ...data]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('too few') });
  });

  test('asks a running worker, which follows at once, and trains when it is asked', async () => {
    const worker = await start(await folderWithVersions());
    const at = ['--http', worker.url];
    const versions = async (): Promise<unknown> => {
      const answer = await fetch(`${worker.url}/users/u1/predictions/i1`);
      return ((await answer.json()) as { modelVersions: unknown }).modelVersions;
    };
    expect(await versions()).toEqual({ embedding: 'v1' });
    expect(await runForJson('models', 'promote', 'embedding', 'v2', ...at)).toMatchObject({ serving: 'v2' });
    await vi.waitUntil(async () => JSON.stringify(await versions()).includes('v2'), { timeout: 20_000, interval: 20 });
    expect(await runCommand('models', 'roll-back', 'deep', ...at)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('nothing to roll back'),
    });
    expect(await runForJson('models', 'train', 'embedding', ...at)).toMatchObject({ kind: 'embedding' });
    const failure = async (): Promise<boolean> => {
      const { models } = await runForJson<Listed>('models', 'list', ...at);
      return models[0]!.events.some(({ outcome, reason }) => outcome === 'failed' && reason.includes('too few'));
    };
    await vi.waitUntil(failure, { timeout: 20_000, interval: 100 });
    expect(await stop(worker)).toMatchObject({ code: 0, stderr: '' });
  });
});
