import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../src/adapters/http/openapi.ts';
import { problemStatus } from '../../../src/adapters/http/problem.ts';
import { readEvents } from './event-stream.ts';
import { givenServer, jsonOf, postJson, rating } from './given-server.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: { $ref?: string } }>> }>
  >;
}
const operations = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ method, path, operation })),
);
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(openApiDocument, 'api');

const letter = {
  ...{ letterPartition: 0, letterOffset: 0, isRetried: false, key: null, value: Buffer.from('{') },
  ...{ code: 'FRESHET_UNDECODABLE', reason: 'it is no JSON', topic: 'ratings', partition: 0, offset: 12 },
  ...{ schemaId: null, refusedAtMs: 5_000 },
};

/** Checks an answer against what the document says about its route and status. */
async function expectDescribed(method: string, path: string, response: Response): Promise<void> {
  const operation = operations.find((one) => one.method === method && one.path === path)!.operation;
  const described = operation.responses[String(response.status)];
  expect(described, `${method} ${path} ${response.status}`).toBeDefined();
  const schema = described!.content?.['application/json']?.schema.$ref;
  expect(schema, `${method} ${path} ${response.status}`).toBeDefined();
  const validate = ajv.compile({ $ref: `api${schema!}` });
  const body = await jsonOf(response);
  expect(validate(body), JSON.stringify({ body, errors: validate.errors })).toBe(true);
}

describe('the OpenAPI document', () => {
  it('has exactly the registered routes', async () => {
    const { url } = await givenServer();
    const { routes } = await jsonOf(fetch(`${url}/`));
    const registered = (routes as { method: string; path: string }[]).map(({ method, path }) => `${method} ${path}`);
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.sort()).toEqual(registered.sort());
    expect(await jsonOf(fetch(`${url}/openapi.json`))).toEqual(openApiDocument);
  });

  it('resolves every reference', () => {
    const text = JSON.stringify(openApiDocument);
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]!.split('/'));
    expect(references.length).toBeGreaterThan(10);
    for (const keys of references) {
      const target = keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], openApiDocument);
      expect(target, keys.join('/')).toBeDefined();
    }
  });

  it('names each operation once and describes each path parameter', () => {
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      expect(operation.summary).not.toBe('');
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!.toLowerCase());
      const described = (operation.parameters ?? []).flatMap(
        ({ $ref }) => $ref?.split('/').at(-1)?.toLowerCase() ?? [],
      );
      expect(described, path).toEqual(inPath);
    }
  });

  it('describes the answers as they come', async () => {
    const { url, serving, letters, predictions } = await givenServer({
      limits: { bodyMaxBytes: 1_000, backlogMaxCount: 2 },
    });
    const get = (path: string): Promise<Response> => fetch(url + path);
    await expectDescribed('post', '/ratings', await postJson(url, [rating('u1'), 7]));
    await expectDescribed('post', '/ratings', await postJson(url, [7]));
    await expectDescribed('post', '/ratings', await postJson(url, '['));
    await expectDescribed('post', '/ratings', await postJson(url, `"${'x'.repeat(1_000)}"`));
    await expectDescribed('post', '/ratings', await postJson(url, '', { 'content-type': 'text/csv' }));
    await expectDescribed('post', '/ratings', await postJson(url, [rating('u1')], { origin: 'http://a.example' }));
    await expectDescribed('delete', '/users/{userId}', await fetch(`${url}/users/u1`, { method: 'DELETE' }));
    await expectDescribed('get', '/users/{userId}/predictions/{itemId}', await get('/users/u1/predictions/i1'));
    await expectDescribed('get', '/users/{userId}/recommendations', await get('/users/u1/recommendations'));
    await expectDescribed('get', '/users/{userId}/recommendations', await get('/users/u1/recommendations?count=0'));
    const post = (path: string): Promise<Response> => fetch(url + path, { method: 'POST' });
    await expectDescribed('get', '/users/{userId}', await get('/users/u1'));
    await expectDescribed('get', '/users/{userId}/explanations/{itemId}', await get('/users/u1/explanations/i1'));
    letters.letters.push(letter);
    await expectDescribed('get', '/dead-letters', await get('/dead-letters'));
    await expectDescribed('get', '/dead-letters', await get('/dead-letters?count=0'));
    for (const place of ['0/0', '0/0', '0/1', '0/9', 'x/0']) {
      const path = '/dead-letters/{partition}/{offset}/retry';
      await expectDescribed('post', path, await post(`/dead-letters/${place}/retry`));
    }
    await expectDescribed('get', '/console/{file}', await get('/console/nothing'));
    await expectDescribed('get', '/models', await get('/models'));
    await expectDescribed('post', '/models/{kind}/train', await post('/models/deep/train'));
    await expectDescribed('post', '/models/{kind}/train', await post('/models/shallow/train'));
    await expectDescribed('post', '/models/{kind}/promote', await post('/models/deep/promote?version=v1'));
    await expectDescribed('post', '/models/{kind}/promote', await post('/models/deep/promote'));
    await expectDescribed('post', '/models/{kind}/roll-back', await post('/models/deep/roll-back'));
    await expectDescribed('get', '/healthz', await get('/healthz'));
    await expectDescribed('get', '/readyz', await get('/readyz'));
    await expectDescribed('get', '/', await get('/'));
    serving.current = { kind: 'not-ready', reason: 'restoring' };
    await expectDescribed('get', '/readyz', await get('/readyz'));
    await expectDescribed('post', '/ratings', await postJson(url, [rating('u1')]));
    const reader = await readEvents(`${url}/predictions/stream`);
    predictions.publish(0, 'u1');
    await expect.poll(() => reader.events).toHaveLength(1);
    const validateEvent = ajv.compile({ $ref: 'api#/components/schemas/PredictionEvent' });
    expect(validateEvent(reader.events[0]!.data), JSON.stringify(validateEvent.errors)).toBe(true);
    reader.leave();
  });

  it('describes overload and partial storage', async () => {
    const { url, log } = await givenServer({ partitionCount: 2, limits: { backlogMaxCount: 10 } });
    log.failures.set(1, new Error('broken'));
    await expectDescribed('post', '/ratings', await postJson(url, [rating('u0'), rating('u1')]));
    log.waiting = 10;
    await expectDescribed('post', '/ratings', await postJson(url, [rating('u0')]));
  });
});

describe('docs/http.md', () => {
  const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');

  it('names every route', () => {
    for (const { method, path } of operations) expect(page).toContain(`\`${method.toUpperCase()} ${path}\``);
  });

  it('lists exactly the codes of the HTTP surface with their status', () => {
    const listed = [...page.matchAll(/^\| `(FRESHET_\w+)` \| (\d+) \|/gm)].map((match) => [match[1], Number(match[2])]);
    expect(Object.fromEntries(listed)).toEqual(problemStatus);
  });
});
