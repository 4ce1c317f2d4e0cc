/**
 * Runs docs/getting-started.md: its fenced blocks, in order, in a folder of its own.
 *
 *   sh          runs to its end, with exit code 0
 *   sh worker   runs until it is stopped; the next block waits until it is ready
 *   sh stop     Ctrl-C for the worker
 *   sh install  not run: it is what the tests themselves were started from
 *   json        what the block before it prints: same keys, same texts and truth values, numbers where there are numbers
 *
 * `npx freshet` and `npm start` run the built program, localhost:8080 is the port that the worker took.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readyPort } from '../integration/running-worker.ts';
import { page, root } from './pages.ts';
import { removeFolder } from '../support/remove-folder.ts';

interface Block {
  readonly kind: string;
  readonly code: string;
}

const blocks: readonly Block[] = [...page('getting-started.md').matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, kind, code]) => ({ kind: kind ?? '', code: code ?? '' }),
);

const curlShim = `${root}test/docs/curl.mjs`;
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: { start: string } };

const prelude = [
  'set -euo pipefail',
  'npx() { [ "$1" = freshet ]; shift; "$NODE" dist/main.js "$@"; }',
  `npm() { [ "$1" = start ]; ${scripts.start.replace(/^node /, '"$NODE" ')}; }`,
  ...(hasCurl ? [] : [`curl() { "$NODE" "${curlShim}" "$@"; }`]),
].join('\n');

let folder = '';
let worker: { readonly process: ChildProcess; readonly address: string } | null = null;
let printed = '';

const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FRESHET_'))),
  NODE: process.execPath,
});

function scriptOf(code: string): string {
  return `${prelude}\n${worker === null ? code : code.replaceAll('localhost:8080', worker.address)}`;
}

async function startWorker(code: string): Promise<void> {
  // Its own process group, so that Ctrl-C reaches the program below the shell.
  const child = spawn('bash', ['-c', scriptOf(code)], {
    cwd: folder,
    env: { ...environment(), FRESHET_HTTP_PORT: '0' },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`the worker ended with ${String(status)}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const httpPort = readyPort(line);
      if (httpPort !== undefined) resolve(httpPort);
    });
  });
  worker = { process: child, address: `localhost:${port}` };
}

function signal(child: ChildProcess, name: 'SIGINT' | 'SIGKILL'): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
}

async function stopWorker(): Promise<void> {
  const child = worker?.process;
  if (child === undefined) throw new Error('no worker to stop');
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  signal(child, 'SIGINT');
  expect(await exited).toBe(0);
  worker = null;
}

/** Everything accepted is learned: the page says "a moment later". */
async function caughtUp(address: string): Promise<void> {
  await vi.waitUntil(
    async () => /^freshet_log_backlog 0$/m.test(await (await fetch(`http://${address}/metrics`)).text()),
    {
      timeout: 20_000,
      interval: 20,
    },
  );
}

async function runToEnd(code: string): Promise<void> {
  if (worker !== null) await caughtUp(worker.address);
  const { stdout } = await promisify(execFile)('bash', ['-c', scriptOf(code)], { cwd: folder, env: environment() });
  printed = stdout;
  expect(printed).not.toBe('');
}

/** Numbers lose their value, and so does a text that the page leaves open. */
function shapeOf(value: unknown, documented: unknown): unknown {
  if (typeof value === 'number' || documented === '…') return typeof value;
  if (Array.isArray(value)) {
    const expected = Array.isArray(documented) ? documented : [];
    return value.map((element, at) => shapeOf(element, expected[at]));
  }
  if (typeof value !== 'object' || value === null) return value;
  const expected = (documented ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part, expected[key])]));
}

function compareWithPrinted(code: string): void {
  const documented = JSON.parse(code) as unknown;
  expect(shapeOf(JSON.parse(printed), documented)).toEqual(shapeOf(documented, documented));
}

const firstLine = (code: string): string => code.split('\n')[0]?.slice(0, 80) ?? '';

describe('getting started', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-docs-'));
    for (const name of ['dist', 'schemas', 'node_modules']) symlinkSync(`${root}${name}`, join(folder, name));
  });
  afterAll(() => {
    if (worker !== null) signal(worker.process, 'SIGKILL');
    removeFolder(folder);
  });

  it('has blocks of known kinds only, and installs with npm ci', () => {
    const kinds = new Set(blocks.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['json', 'sh', 'sh install', 'sh stop', 'sh worker']);
    expect(blocks.filter(({ kind }) => kind === 'sh install')).toEqual([{ kind: 'sh install', code: 'npm ci\n' }]);
    for (const [at, { kind }] of blocks.entries()) if (kind === 'json') expect(blocks[at - 1]?.kind).toBe('sh');
  });

  for (const [at, { kind, code }] of blocks.entries()) {
    const title = `${at + 1} ${kind}: ${firstLine(code)}`;
    if (kind === 'sh worker') it(title, () => startWorker(code));
    if (kind === 'sh stop') it(title, stopWorker);
    if (kind === 'sh') it(title, () => runToEnd(code));
    if (kind === 'json') it(title, () => compareWithPrinted(code));
  }

  it('leaves no worker behind', () => {
    expect(worker).toBeNull();
  });
});

it('the stand-in for curl sends and prints what curl would', async () => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => response.end(JSON.stringify([request.method, request.headers['content-type'], body])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `127.0.0.1:${(server.address() as AddressInfo).port}/ratings`;
  try {
    const ask = (...words: string[]) => promisify(execFile)(process.execPath, [curlShim, '-s', url, ...words]);
    expect(JSON.parse((await ask()).stdout)).toEqual(['GET', null, '']);
    const posted = await ask('-H', 'content-type: application/json', '-d', '[1,\n 2]');
    expect(JSON.parse(posted.stdout)).toEqual(['POST', 'application/json', '[1,\n 2]']);
    const lines = await ask('-H', 'content-type: application/x-ndjson', '--data-binary', '1\n2');
    expect(JSON.parse(lines.stdout)).toEqual(['POST', 'application/x-ndjson', '1\n2']);
  } finally {
    server.close();
  }
});
