import { describe, expect, test } from 'vitest';
import { createModelReader, createModelStore } from '../../../src/adapters/models/model-store.ts';
import { openEmbedded, openEmbeddedReadOnly } from '../../../src/adapters/embedded/open-embedded.ts';
import { openInMemory } from '../../../src/adapters/embedded/open-in-memory.ts';
import { StorageFullError } from '../../../src/errors.ts';
import { modelStoreContract } from '../../contracts/model-store.contract.ts';
import { tempFolders } from './temp-folder.ts';

modelStoreContract('in memory', async () => {
  const { models } = openInMemory();
  // One process has it: whoever opens it again has the same one.
  return { table: models, reopen: async () => models };
});

describe('in a folder', () => {
  const newFolder = tempFolders();

  modelStoreContract('data folder', async () => {
    const store = await openEmbedded({ folder: newFolder() });
    return { table: store.models, reopen: async () => store.models };
  });

  test('is there for the next process, and for one that looks meanwhile', async () => {
    const folder = newFolder();
    const store = await openEmbedded({ folder });
    const artifact = new Uint8Array(700_000).fill(7);
    await createModelStore(store.models).put('deep', 'v1', artifact);
    const view = await openEmbeddedReadOnly(folder);
    expect(Buffer.compare((await createModelReader(view.models).artifact('deep', 'v1'))!, artifact)).toBe(0);
    await createModelStore(store.models).put('deep', 'v2', artifact);
    expect(await createModelReader(view.models).versions('deep')).toEqual(['v1', 'v2']);
    await view.close();
    await store.close();
    const next = await openEmbedded({ folder });
    expect(Buffer.compare((await createModelStore(next.models).artifact('deep', 'v2'))!, artifact)).toBe(0);
    await next.close();
  });

  test('refuses what has no room, shows nothing of it, and goes on', async () => {
    const store = await openEmbedded({ folder: newFolder(), maxSizeBytes: 1_500_000 });
    const models = createModelStore(store.models);
    await expect(models.put('deep', 'v1', new Uint8Array(4_000_000).fill(1))).rejects.toThrow(StorageFullError);
    expect(await models.versions('deep')).toEqual([]);
    await models.prune('deep', new Set());
    await store.append(0, [{ key: null, value: Uint8Array.of(1) }]);
    expect(store.end('ratings', 0)).toBe(1);
    await store.close();
  });
});
