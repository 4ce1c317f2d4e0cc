import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRegistryClient } from '../../../src/adapters/registry/registry-client.ts';
import { createRegistrySchemas } from '../../../src/adapters/registry/registry-schemas.ts';
import { subjectOf } from '../../../src/adapters/registry/subject.ts';
import { RegistryError } from '../../../src/errors.ts';

const lines: string[] = [];
const note = (fields: object, message: string): void => void lines.push(message + JSON.stringify(fields));
const log = { debug: note, info: note, warn: note, error: note };
const schema = { type: 'record', name: 'R', fields: [] };
const servers: Server[] = [];

/** A registry of one's own making: the wire is what is tested here; the real one is in registry.kafka.test.ts. */
async function registry(answer: (request: IncomingMessage, body: string) => [status: number, body: unknown]) {
  const requests: { path: string; body: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', body, authorization: request.headers.authorization });
      const [status, value] = answer(request, body);
      response.writeHead(status).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

afterEach(() => {
  lines.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the registry client', () => {
  it('gets a schema by its id, and tells unknown ids from silence', async () => {
    const { url } = await registry((request) =>
      request.url === '/schemas/ids/7' ? [200, { schema: JSON.stringify(schema) }] : [404, { error_code: 40403 }],
    );
    const client = createRegistryClient({ url });
    expect(await client.schemaById(7)).toEqual({ kind: 'found', value: schema });
    expect(await client.schemaById(8)).toEqual({ kind: 'not-found' });
  });

  it('repeats what a busy registry refuses, and gives up after its attempts', async () => {
    let asked = 0;
    const { url } = await registry(() => (++asked < 3 ? [503, {}] : [200, { schema: JSON.stringify(schema) }]));
    expect(await createRegistryClient({ url, attempts: 3 }).schemaById(1)).toEqual({ kind: 'found', value: schema });
    asked = -100;
    await expect(createRegistryClient({ url, attempts: 2 }).schemaById(1)).rejects.toThrow(RegistryError);
    expect(asked).toBe(-98);
  });

  it('does not repeat what is refused for good', async () => {
    const { url, requests } = await registry(() => [401, { message: 'no' }]);
    await expect(createRegistryClient({ url }).schemaById(1)).rejects.toMatchObject({ retriable: false });
    expect(requests).toHaveLength(1);
  });

  it('logs in, and never tells the password', async () => {
    const { url, requests } = await registry(() => [403, {}]);
    const secret = url.replace('http://', 'http://ada:hunter2@');
    const client = createRegistryClient({ url, basicAuth: 'ada:hunter2' });
    const error: unknown = await client.schemaById(1).catch((e: unknown) => e);
    expect(requests[0]?.authorization).toBe(`Basic ${Buffer.from('ada:hunter2').toString('base64')}`);
    expect(JSON.stringify(error) + (error as Error).message).not.toContain('hunter2');
    const inAddress: unknown = await createRegistryClient({ url: secret, attempts: 1 })
      .schemaById(1)
      .catch((e: unknown) => e);
    expect((inAddress as Error).message).not.toContain('hunter2');
    expect(requests[1]?.authorization).toBe(requests[0]?.authorization);
  });

  it('registers and checks under an encoded subject', async () => {
    const { url, requests } = await registry((request) =>
      request.url?.startsWith('/compat') === true ? [200, { is_compatible: false }] : [200, { id: 12 }],
    );
    const client = createRegistryClient({ url: `${url}/` });
    expect(await client.register('a/b-value', schema)).toBe(12);
    expect(await client.isCompatible('a/b-value', schema)).toBe(false);
    expect(requests.map(({ path }) => path)).toEqual([
      '/subjects/a%2Fb-value/versions',
      '/compatibility/subjects/a%2Fb-value/versions/latest',
    ]);
    expect(JSON.parse(JSON.parse(requests[0]?.body ?? '').schema as string)).toEqual(schema);
  });
});

describe('schemas from a registry', () => {
  it('waits while the registry is down, and refuses an id only after it has answered', async () => {
    let isDown = true;
    let asked = 0;
    const schemas = createRegistrySchemas(
      {
        schemaById: (id) => {
          asked++;
          if (isDown) return Promise.reject(new RegistryError('down', true));
          return Promise.resolve(id === 1 ? { kind: 'found', value: schema } : { kind: 'not-found' });
        },
      },
      log,
    );
    expect(await Promise.all([schemas.learn(1), schemas.learn(1), schemas.learn(2)])).toEqual([false, false, false]);
    expect(schemas.isKnown(1)).toBe(false);
    expect(schemas.waitingCount).toBe(2);
    expect(schemas.unansweredCount).toBeGreaterThan(1);
    isDown = false;
    await expect.poll(() => schemas.waitingCount).toBe(0);
    expect(await Promise.all([schemas.learn(1), schemas.learn(2)])).toEqual([true, true]);
    expect([schemas.isKnown(2), schemas.schemaById(2)]).toEqual([true, undefined]);
    const before = asked;
    expect(schemas.isKnown(1)).toBe(true);
    expect(asked).toBe(before);
  });
});

describe('subjects', () => {
  it('are named by the three usual strategies', () => {
    expect(subjectOf('topic', 'ratings', 'a.R')).toBe('ratings-value');
    expect(subjectOf('record', 'ratings', 'a.R')).toBe('a.R');
    expect(subjectOf('topic-record', 'ratings', 'a.R')).toBe('ratings-a.R');
  });
});
