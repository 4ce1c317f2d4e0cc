import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { givenServer, jsonOf } from './given-server.ts';

const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** The bytes as they come: fetch would unpack them. */
function raw(
  url: string,
  headers: Record<string, string>,
): Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}

/** What a page refers to, and so on. */
async function filesOf(url: string): Promise<Map<string, Response>> {
  const files = new Map<string, Response>();
  const html = await (await fetch(`${url}/`, { headers: page })).text();
  const waiting = [...html.matchAll(/(?:src|href)="(console\/[^"]+)"/g)].map(([, path]) => path!);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    const response = await fetch(`${url}/${path}`);
    files.set(path, response.clone());
    if (!path.endsWith('.js')) continue;
    const text = await response.text();
    waiting.push(
      ...[...text.matchAll(/^(?:import|export) .*from '\.\/([\w.-]+)'/gm)].map(([, name]) => `console/${name!}`),
    );
  }
  return files;
}

describe('the console over HTTP', () => {
  it('is a page for browsers at /, where programs find the routes', async () => {
    const { url } = await givenServer();
    const html = await fetch(`${url}/`, { headers: page });
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await html.text()).toContain('<title>Freshet</title>');
    expect((await jsonOf(fetch(`${url}/`))).name).toBe('freshet');
  });

  it('has every file that it refers to, all from here, and nothing inline', async () => {
    const { url } = await givenServer();
    const html = await (await fetch(`${url}/`, { headers: page })).text();
    expect(html).not.toMatch(/https?:\/\/|style="|<style|<script(?![^>]*\bsrc=)|\son\w+="/);
    const files = await filesOf(url);
    expect([...files].filter(([, { status }]) => status !== 200).map(([path]) => path)).toEqual([]);
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['console/uplot.js', 'console/console.css', 'console/names.js']),
    );
    const ofOthers = [...files].filter(([path]) => !path.startsWith('console/uplot') && !path.endsWith('.svg'));
    for (const [path, file] of ofOthers) expect(`${path}: ${await file.text()}`).not.toMatch(/https?:\/\//);
  });

  it('lets nothing but its own files run, and nobody frame it', async () => {
    const { url } = await givenServer();
    for (const path of ['/', '/console/main.js', '/console/console.css']) {
      const { headers } = await fetch(url + path, { headers: page });
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('is compressed as the browser likes it, and not sent again while it is what it was', async () => {
    const { url } = await givenServer();
    const path = `${url}/console/uplot.js`;
    const plain = await raw(path, {});
    expect(plain.headers['content-encoding']).toBeUndefined();
    const br = await raw(path, { 'accept-encoding': 'gzip, br' });
    expect(br.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
    const gzip = await raw(path, { 'accept-encoding': 'gzip' });
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
    expect(br.body.length).toBeLessThan(plain.body.length / 2);
    const { etag } = br.headers;
    const again = await fetch(path, { headers: { 'if-none-match': String(etag) } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('tells of files that are not there, wherever they are asked for', async () => {
    const { url } = await givenServer();
    for (const name of ['nothing.js', '..%2Fserver.ts', 'tsconfig.json', 'uplot.d.ts', '']) {
      const response = await fetch(`${url}/console/${name}`);
      expect([name, response.status]).toEqual([name, 404]);
      expect((await jsonOf(response)).error.code).toBe('FRESHET_NOT_FOUND');
    }
  });

  it('asks for no token itself; what it shows does', async () => {
    const { url } = await givenServer({ token: 'secret' });
    expect((await fetch(`${url}/`, { headers: page })).status).toBe(200);
    expect((await fetch(`${url}/console/main.js`)).status).toBe(200);
    for (const path of ['/', '/live', '/users/u1', '/users/u1/explanations/i1', '/dead-letters'])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
  });
});

describe('changes asked for by a web page', () => {
  it('are refused from every other site, whatever the route', async () => {
    const { url, log, letters } = await givenServer();
    const routes = [
      ['POST', '/ratings'],
      ['DELETE', '/users/u1'],
      ['POST', '/models/deep/train'],
      ['POST', '/models/deep/promote?version=v1'],
      ['POST', '/models/deep/roll-back'],
      ['POST', '/dead-letters/0/0/retry'],
    ] as const;
    const { routes: all } = await jsonOf(fetch(`${url}/`));
    expect((all as { method: string }[]).filter(({ method }) => method !== 'GET')).toHaveLength(routes.length);
    for (const [method, path] of routes) {
      for (const headers of [
        { origin: 'http://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const response = await fetch(url + path, { method, headers });
        expect([path, response.status]).toEqual([path, 403]);
        expect((await jsonOf(response)).error.code).toBe('FRESHET_FOREIGN_ORIGIN');
      }
    }
    expect([log.appends, letters.retries]).toEqual([0, 0]);
    const own = { origin: url, 'sec-fetch-site': 'same-origin' };
    expect((await fetch(`${url}/users/u1`, { method: 'DELETE', headers: own })).status).toBe(202);
  });
});
