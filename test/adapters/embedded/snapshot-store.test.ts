import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../../src/adapters/embedded/open-embedded.ts';
import { openSnapshot } from '../../../src/adapters/embedded/snapshot-store.ts';
import type { ChangelogViews, ViewName } from '../../../src/ports/changelog-views.ts';
import type { Log } from '../../../src/ports/log.ts';
import { bytesOf, textOf } from '../../contracts/transport-harness.ts';
import { changesFrom } from './snapshot-changes.mjs';
import { tempFolders } from './temp-folder.ts';
import { removeFolder } from '../../support/remove-folder.ts';

const newFolder = tempFolders();
const open: ChangelogViews[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(open.splice(0).map((views) => views.close()));
});

function listener() {
  const reasons: string[] = [];
  const nothing = (): void => undefined;
  const warn: Log['warn'] = ({ reason }) => void reasons.push(String(reason));
  return { reasons, log: { debug: nothing, info: nothing, warn, error: nothing } };
}

async function given(folder: string, identity: Record<string, string | number> = { app: 'a' }) {
  const { log, reasons } = listener();
  const views = await openSnapshot({ folder, identity, partitionCount: 2, log });
  open.push(views);
  return {
    views,
    reasons,
    async close() {
      open.splice(open.indexOf(views), 1);
      await views.close();
    },
  };
}

const changes = (values: Record<string, string | null>): Map<string, Uint8Array | null> =>
  new Map(Object.entries(values).map(([key, value]) => [key, value === null ? null : bytesOf(value)]));

async function rowsOf(views: ChangelogViews, name: ViewName): Promise<Record<string, string>> {
  const rows: Record<string, string> = {};
  await views.visit(name, (key, value) => (rows[key] = textOf(value) ?? ''));
  return rows;
}

/** Overwrites the first place in the file that holds the text. */
function damage(folder: string, text: string): void {
  const path = `${folder}/snapshot/data.mdb`;
  const at = readFileSync(path).lastIndexOf(text);
  expect(at).toBeGreaterThan(0);
  const file = openSync(path, 'r+');
  writeSync(file, 'X', at);
  closeSync(file);
}

describe('local snapshot', () => {
  test('keeps rows and marks from one process to the next', async () => {
    const folder = newFolder();
    const first = await given(folder);
    expect(await first.views.mark('users:0')).toBeNull();
    await first.views.write('users:0', changes({ 'u/1': 'a', 'u/2': 'b', 'u/é': 'c' }), { position: 3, asOfMs: 10 });
    await first.views.write('users:0', changes({ 'u/1': 'z', 'u/2': null, none: null }), { position: 5, asOfMs: 20 });
    await first.views.write('items:1', changes({ 'i/1': '' }), { position: 1, asOfMs: 20 });
    await first.close();
    const { views, reasons } = await given(folder);
    expect(await views.mark('users:0')).toEqual({ position: 5, asOfMs: 20, rowCount: 2 });
    expect(await rowsOf(views, 'users:0')).toEqual({ 'u/1': 'z', 'u/é': 'c' });
    expect(textOf(views.read('users:0', 'u/1'))).toBe('z');
    expect(views.read('users:0', 'u/2')).toBeUndefined();
    expect(await rowsOf(views, 'items:1')).toEqual({ 'i/1': '' });
    expect(views.names().toSorted()).toEqual(['items:1', 'users:0']);
    expect(reasons).toEqual([]);
  });

  test('drops a copy and nothing else', async () => {
    const { views } = await given(newFolder());
    await views.write('users:0', changes({ a: '1' }), { position: 1, asOfMs: 1 });
    await views.write('users:1', changes({ a: '2' }), { position: 1, asOfMs: 1 });
    await views.drop('users:0');
    expect(await views.mark('users:0')).toBeNull();
    expect(views.read('users:0', 'a')).toBeUndefined();
    expect(await rowsOf(views, 'users:1')).toEqual({ a: '2' });
    await views.write('users:0', changes({ b: '3' }), { position: 1, asOfMs: 1 });
    expect(await rowsOf(views, 'users:0')).toEqual({ b: '3' });
  });

  test('is of one process at a time', async () => {
    const folder = newFolder();
    await given(folder);
    await expect(given(folder)).rejects.toMatchObject({ code: 'FRESHET_DATA_LOCKED' });
  });

  test.each([
    [{ app: 'b' }, 'app is a where b is expected'],
    [{ app: 'a', cluster: 'c' }, 'cluster is not said where c is expected'],
  ])('of something else is ignored: %j', async (identity, reason) => {
    const folder = newFolder();
    const first = await given(folder);
    await first.views.write('users:0', changes({ a: '1' }), { position: 1, asOfMs: 1 });
    await first.close();
    const { views, reasons } = await given(folder, identity);
    expect(reasons).toEqual([`it belongs to something else: ${reason}`]);
    expect(await views.mark('users:0')).toBeNull();
  });

  test('with a damaged row is ignored, that copy alone', async () => {
    const folder = newFolder();
    const first = await given(folder);
    await first.views.write('users:0', changes({ a: 'to be damaged', b: 'x' }), { position: 1, asOfMs: 1 });
    await first.views.write('users:1', changes({ a: 'fine' }), { position: 1, asOfMs: 1 });
    await first.close();
    damage(folder, 'to be damaged');
    const { views, reasons } = await given(folder);
    expect(await views.mark('users:0')).toBeNull();
    expect(reasons).toEqual(['the row of a key of 1 characters does not match its checksum']);
    expect(views.read('users:0', 'b')).toBeUndefined();
    expect(await rowsOf(views, 'users:1')).toEqual({ a: 'fine' });
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['short', Buffer.from('no database')],
    ['something else', Buffer.alloc(100_000, 7)],
  ])('whose file is %s is ignored', async (_, content) => {
    const folder = newFolder();
    mkdirSync(`${folder}/snapshot`);
    writeFileSync(`${folder}/snapshot/data.mdb`, content);
    const { views, reasons } = await given(folder);
    expect(reasons).toHaveLength(content.length === 0 ? 0 : 1);
    expect(await views.mark('users:0')).toBeNull();
    await views.write('users:0', changes({ a: '1' }), { position: 1, asOfMs: 1 });
    expect(await rowsOf(views, 'users:0')).toEqual({ a: '1' });
  });

  test('that two starts in a row did not survive is not looked at again', async () => {
    const folder = newFolder();
    const first = await given(folder);
    await first.views.write('users:0', changes({ a: '1' }), { position: 1, asOfMs: 1 });
    await first.close();
    writeFileSync(`${folder}/snapshot/starts`, '2');
    const { views, reasons } = await given(folder);
    expect(reasons).toEqual(['2 starts in a row ended while they read it']);
    expect(await views.mark('users:0')).toBeNull();
  });

  test('and the data folder of a worker alone are told apart', async () => {
    const [log, snapshot, other] = [newFolder(), newFolder(), newFolder()];
    await (await openEmbedded({ folder: log })).close();
    await (await given(snapshot)).close();
    writeFileSync(`${other}/letter.txt`, 'x');
    const code = 'FRESHET_DATA_FOLDER';
    await expect(given(log)).rejects.toMatchObject({ code, message: expect.stringContaining('Leave --brokers out') });
    await expect(given(other)).rejects.toMatchObject({ code, message: expect.stringContaining('letter.txt') });
    const asLog = openEmbedded({ folder: snapshot });
    await expect(asLog).rejects.toMatchObject({ code, message: expect.stringContaining('Give --brokers with it') });
  });

  test(
    'of a killed process holds what was told, or a part of what came next, whenever it was killed',
    { timeout: 120_000 },
    async () => {
      const folder = newFolder();
      for (let round = 0; round < 6; round++) {
        const told = await runAndKill(folder, 1 + (round % 4), Math.random() * 12);
        const next = await given(folder);
        const { views, reasons } = next;
        const mark = await views.mark('users:0');
        expect(reasons).toEqual([]);
        expect(mark!.position).toBeGreaterThanOrEqual(told);
        // Replaying what comes after the mark gives what the whole changelog says.
        const end = mark!.position + 9000;
        const rows = new Map(Object.entries(await rowsOf(views, 'users:0')));
        for (const [key, value] of changesFrom(mark!.position, end)) {
          if (value === null) rows.delete(key);
          else rows.set(key, textOf(value)!);
        }
        const expected = [...changesFrom(0, end)].filter(([, value]) => value !== null);
        expect(Object.fromEntries(rows)).toEqual(
          Object.fromEntries(expected.map(([key, value]) => [key, textOf(value)])),
        );
        await next.close();
      }
    },
  );

  /** Any byte may be another: the next process uses it as it was, or not at all, or dies and the one after that does not. */
  test('with damaged pages is ignored within three starts', { timeout: 240_000 }, async () => {
    const folder = newFolder();
    for (let round = 0; round < 6; round++) {
      removeFolder(`${folder}/snapshot`);
      const first = await given(folder);
      await first.views.write('users:0', changesFrom(0, 5000), { position: 5000, asOfMs: 1 });
      const written = await rowsOf(first.views, 'users:0');
      await first.close();
      const path = `${folder}/snapshot/data.mdb`;
      const file = openSync(path, 'r+');
      const at = Math.floor(Math.random() * (statSync(path).size - 600));
      writeSync(file, Buffer.from(Array.from({ length: 600 }, () => Math.floor(Math.random() * 256))), 0, 600, at);
      closeSync(file);
      let rows: unknown;
      for (let start = 0; start < 3 && rows === undefined; start++) rows = await readInAnotherProcess(folder);
      expect(rows === 'none' || JSON.stringify(rows) === JSON.stringify(written)).toBe(true);
    }
  });
});

async function runAndKill(folder: string, writes: number, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [new URL('snapshot-child.mjs', import.meta.url).pathname, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exited = once(child, 'exit');
  let told = 0;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(line);
    if (++count === writes) setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return told;
}

/** The rows, 'none' when the copy was ignored, undefined when the process died. */
async function readInAnotherProcess(folder: string): Promise<unknown> {
  const script = `
    import { openSnapshot } from '${new URL('../../../dist/adapters/embedded/snapshot-store.js', import.meta.url).href}';
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const views = await openSnapshot({ folder: process.argv[1], identity: { app: 'a' }, partitionCount: 2, log: silent });
    const rows = {};
    if (await views.mark('users:0')) await views.visit('users:0', (key, value) => { rows[key] = value.toString(); });
    else process.stdout.write('none');
    const more = new Map(Array.from({ length: 1500 }, (_, i) => ['w/' + i, Buffer.from('more')]));
    await views.write('users:1', more, { position: 1, asOfMs: 1 });
    await views.close();
    if (Object.keys(rows).length > 0) process.stdout.write(JSON.stringify(rows));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  // One that stands still is ended from outside, as a liveness probe would.
  const standsStill = setTimeout(() => child.kill('SIGKILL'), 10_000);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(standsStill);
  if (code !== 0) return undefined;
  return text === 'none' ? 'none' : (JSON.parse(text) as unknown);
}
