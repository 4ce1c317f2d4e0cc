import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { FakeServing } from './fakes.ts';
import { buildServer, givenServer, jsonOf, postJson, rating } from './given-server.ts';

describe('readiness', () => {
  it('refuses work with 503 and the reason while the worker is not ready, and lives on', async () => {
    const { url, serving, log } = await givenServer();
    serving.current = { kind: 'not-ready', reason: 'partition 3 is being restored' };
    for (const [method, path] of [
      ['GET', '/readyz'],
      ['GET', '/users/u1/predictions/i1'],
      ['GET', '/users/u1/recommendations'],
      ['DELETE', '/users/u1'],
      ['POST', '/ratings'],
    ] as const) {
      const response = await fetch(url + path, { method });
      expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '1']);
      const { error } = await jsonOf(response);
      expect(error.code).toBe('FRESHET_NOT_READY');
      expect(error.message).toContain('partition 3 is being restored');
    }
    expect(log.appends).toBe(0);
    expect(await jsonOf(fetch(`${url}/healthz`))).toEqual({ status: 'alive' });
    serving.current = { kind: 'ready' };
    expect(await jsonOf(fetch(`${url}/readyz`))).toEqual({ status: 'ready' });
  });
});

describe('token', () => {
  it('is asked for everywhere but by the probes', async () => {
    const { url, log } = await givenServer({ token: 'secret' });
    for (const path of ['/', '/metrics', '/openapi.json', '/users/u1/predictions/i1', '/predictions/stream', '/no']) {
      const response = await fetch(url + path);
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await postJson(url, [rating('u1')])).status).toBe(401);
    expect(log.appends).toBe(0);
    for (const path of ['/healthz', '/readyz']) expect((await fetch(url + path)).status).toBe(200);
  });

  it.each(['Bearer wrong', 'Bearer secre', 'Bearer secrets', 'Bearer ', 'Basic secret', 'secret'])(
    'is not %j',
    async (authorization) => {
      const { url } = await givenServer({ token: 'secret' });
      expect((await fetch(`${url}/metrics`, { headers: { authorization } })).status).toBe(401);
    },
  );

  it('opens with the right one, whatever the case of the scheme', async () => {
    const { url } = await givenServer({ token: 'secret' });
    for (const authorization of ['Bearer secret', 'bearer secret']) {
      expect((await fetch(`${url}/metrics`, { headers: { authorization } })).status).toBe(200);
    }
  });
});

describe('web pages', () => {
  it('may change things from their own origin only', async () => {
    const { url, log } = await givenServer();
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `${url}.evil.example`]) {
      expect([origin, (await postJson(url, [rating('u1')], { origin })).status]).toEqual([origin, 403]);
      expect((await fetch(`${url}/users/u1`, { method: 'DELETE', headers: { origin } })).status).toBe(403);
    }
    expect(log.appends).toBe(0);
    expect((await postJson(url, [rating('u1')], { origin: url })).status).toBe(202);
  });

  it('may change nothing under a name that was made to mean this machine, unless they have the token', async () => {
    const asked = async (given: { url: string }, name: string, more = {}): Promise<number | undefined> => {
      const { port } = new URL(given.url);
      const host = `${name}:${port}`;
      const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', ...more };
      const sent = request({ host: '127.0.0.1', port, method: 'DELETE', path: '/users/u1', headers }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    const open = await givenServer();
    expect(await asked(open, 'rebound.example')).toBe(403);
    for (const name of ['localhost', '127.0.0.1', '[::1]', 'freshet.localhost']) {
      expect([name, await asked(open, name)]).toEqual([name, 202]);
    }
    const closed = await givenServer({ token: 'secret' });
    expect(await asked(closed, 'freshet.example', { authorization: 'Bearer secret' })).toBe(202);
  });

  it('may read nothing across origins: no answer allows it', async () => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/users/u1/predictions/i1`, { headers: { origin: 'http://evil.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('answers', () => {
  it('say so in one shape when nothing is there', async () => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/nothing/u1`);
    expect(response.status).toBe(404);
    expect((await jsonOf(response)).error.code).toBe('FRESHET_NOT_FOUND');
  });

  it('hide the cause of a failure from the client and log it', async () => {
    class BrokenServing extends FakeServing {
      override predict(): never {
        throw new TypeError('secret detail');
      }
    }
    const { url, lines } = await givenServer({ serving: new BrokenServing(1) });
    const response = await fetch(`${url}/users/u1/predictions/i1`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret detail');
    expect(lines).toEqual([{ level: 'error', message: 'request failed' }]);
  });

  it('are counted by route pattern, and leave no line in the log', async () => {
    const { url, answered, lines } = await givenServer();
    await fetch(`${url}/users/u1/predictions/i1`);
    await fetch(`${url}/users/u1/nothing`);
    await expect.poll(() => answered.length).toBe(2);
    expect(answered.map(({ route, status }) => [route, status])).toEqual([
      ['/users/:userId/predictions/:itemId', 200],
      ['unmatched', 404],
    ]);
    expect(answered[0]?.durationMs).toBeGreaterThan(0);
    expect(lines).toEqual([]);
  });

  it('serve metrics as Prometheus reads them', async () => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('freshet_rows 1');
  });

  it('refuse what is not HTTP without falling over', async () => {
    const { url } = await givenServer();
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = createConnection(Number(new URL(url).port), '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('life cycle', () => {
  it('explains an address that is taken as a usage error', async () => {
    const { url } = await givenServer();
    const port = Number(new URL(url).port);
    const { server } = buildServer();
    const listening = server.listen({ port });
    await expect(listening).rejects.toThrow(UsageError);
    await expect(listening).rejects.toThrow(`HTTP cannot listen on 127.0.0.1:${port}: another process listens there`);
  });

  it('warns when other machines can reach it without a token', async () => {
    const { server, lines } = buildServer();
    await server.listen({ host: '0.0.0.0', port: 0 });
    expect(lines).toEqual([{ level: 'warn', message: 'HTTP is reachable from other machines without a token' }]);
    const guarded = buildServer({ token: 'secret' });
    await guarded.server.listen({ host: '0.0.0.0', port: 0 });
    expect(guarded.lines).toEqual([]);
  });

  it('answers what is under way, and takes no more', async () => {
    const { url, server, log } = await givenServer({ limits: { closeGraceMs: 10_000 } });
    let makeDurable: () => void = () => undefined;
    log.gate = new Promise((resolve) => (makeDurable = resolve));
    const answer = postJson(url, [rating('u1')]);
    await expect.poll(() => log.appends).toBe(1);
    const closed = server.close();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    makeDurable();
    expect((await answer).status).toBe(202);
    await closed;
    await server.close();
  });

  it('cuts what does not end within the grace', async () => {
    const { url, server, log } = await givenServer({ limits: { closeGraceMs: 20 } });
    log.gate = new Promise(() => undefined);
    const answer = postJson(url, [rating('u1')]).catch(() => 'cut');
    await expect.poll(() => log.appends).toBe(1);
    await server.close();
    expect(await answer).toBe('cut');
  });
});
