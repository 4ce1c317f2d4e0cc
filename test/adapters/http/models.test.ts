import { describe, expect, it } from 'vitest';
import { openInMemory } from '../../../src/adapters/embedded/open-in-memory.ts';
import { createModelStore } from '../../../src/adapters/models/model-store.ts';
import { createModelControl } from '../../../src/stream/model-control.ts';
import { putVersion } from '../../support/models/versions.ts';
import { givenServer, jsonOf } from './given-server.ts';

async function given() {
  const store = createModelStore(openInMemory().models);
  const { url } = await givenServer({ models: createModelControl(store, { nowMs: () => 5 }) });
  const post = async (path: string) => {
    const response = await fetch(url + path, { method: 'POST' });
    return { status: response.status, body: await jsonOf(response) };
  };
  return {
    store,
    post,
    list: async () => (await jsonOf(fetch(`${url}/models`))).models as { readonly kind: string }[],
  };
}

describe('the models over HTTP', () => {
  it('are listed by kind, also those of which there is nothing', async () => {
    const { list } = await given();
    const models = await list();
    expect(models.map(({ kind }) => kind)).toEqual(['embedding', 'deep', 'residual', 'autoencoder', 'rbm']);
    expect(models[0]).toMatchObject({ serving: null, shadow: null, versions: [], events: [] });
  });

  it('are asked to be trained, promoted and rolled back', async () => {
    const { store, post } = await given();
    expect(await post('/models/embedding/train')).toMatchObject({ status: 202, body: { request: { atMs: 5 } } });
    for (const version of ['v1', 'v2']) await putVersion(store, version, 0, (record) => record);
    expect(await post('/models/embedding/promote?version=v1')).toMatchObject({ status: 200, body: { serving: 'v1' } });
    expect(await post('/models/embedding/promote?version=v2')).toMatchObject({
      body: { serving: 'v2', former: 'v1', shadow: { version: 'v1', as: 'former' } },
    });
    const before = await store.record('embedding');
    expect(await post('/models/embedding/promote?version=v2')).toEqual({ status: 200, body: before });
    expect(await store.record('embedding')).toEqual(before);
    expect(await post('/models/embedding/roll-back')).toMatchObject({
      body: { serving: 'v1', former: null, shadow: null },
    });
    expect(await post('/models/embedding/roll-back')).toMatchObject({ body: { serving: null } });
  });

  it('say why something cannot be, and change nothing then', async () => {
    const { store, post, list } = await given();
    await putVersion(store, 'v1', 0, (record) => record);
    const before = await list();
    const refusal = (code: string, message: string) => ({
      body: { error: { code, message: expect.stringContaining(message) } },
    });
    expect(await post('/models/shallow/train')).toMatchObject({
      status: 400,
      ...refusal('FRESHET_BAD_REQUEST', 'no such kind'),
    });
    expect(await post('/models/embedding/promote')).toMatchObject({
      status: 400,
      ...refusal('FRESHET_BAD_REQUEST', 'version'),
    });
    expect(await post('/models/embedding/promote?version=v9')).toMatchObject({
      status: 409,
      ...refusal('FRESHET_NOT_POSSIBLE', 'there is v1'),
    });
    expect(await post('/models/deep/roll-back')).toMatchObject({
      status: 409,
      ...refusal('FRESHET_NOT_POSSIBLE', 'nothing to roll back'),
    });
    expect(await list()).toEqual(before);
  });
});
