import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRatings } from '../../src/adapters/files/read-ratings.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { registry } from '../../src/cli/registry.ts';
import { batchSizeAt, pacer, ratingEntries } from '../../src/cli/replay/entries.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { capturedIo } from '../support/captured-io.ts';
import { runCommand, runForJson } from '../support/run-command.ts';

const newFolder = tempFolders();

const table = syntheticRatings({ events: 3000, seed: 3 });
const lines = Array.from(
  table.ratings,
  (rating, i) =>
    `${table.users[table.userIndex[i]!]},${table.items[table.itemIndex[i]!]},${rating},${Math.floor(table.ratedAtMs[i]! / 1000)}`,
);

function givenFile(rows: readonly string[] = lines): { folder: string; file: string } {
  const folder = newFolder();
  const file = join(folder, 'ratings.csv');
  writeFileSync(file, ['userId,itemId,rating,timestamp', ...rows].join('\n'));
  return { folder: join(folder, 'data'), file };
}

describe('replay into a folder', () => {
  it('learns what evaluate learns, and inspect tells the same', async () => {
    const { folder, file } = givenFile();
    const report = await runForJson('replay', '--ratings', file, '--data', folder, '--scale', '0.5..5');
    expect(report).toMatchObject({
      ratings: 3000,
      badLines: 0,
      sent: 3000,
      accepted: 3000,
      learned: 3000,
      duplicates: 0,
    });
    const words = ['evaluate', '--ratings', file, '--scale', '0.5..5', '--effort', 'full'];
    const evaluated = await runForJson<Record<string, number>>(...words);
    const stored = await runForJson<Record<string, number>>('inspect', '--data', folder);
    expect(stored).toMatchObject({
      ratingsApplied: 3000,
      users: evaluated['users'],
      items: evaluated['items'],
      deadLetters: 0,
      predictions: 3000,
      pending: 0,
    });
    expect(stored['rmse']).toBeCloseTo(evaluated['rmse']!, 3);
    expect(stored['mae']).toBeCloseTo(evaluated['mae']!, 3);
  });

  it('learns what a worker goes on with, and as the folder was learned before', async () => {
    const effortOf = async (...words: string[]): Promise<string> => {
      const { stderr } = await runCommand('replay', ...words);
      return /learned with --effort (full or auto|fast or balanced)/.exec(stderr)?.[1] ?? stderr;
    };
    const [one, other] = [givenFile(lines.slice(0, 20)), givenFile(lines.slice(0, 20))];
    const more = ['--ratings', givenFile(lines.slice(20, 40)).file];
    const scale = ['--scale', '0.5..5'];
    await runForJson('replay', '--ratings', one.file, '--data', one.folder, ...scale);
    expect(await effortOf(...more, '--data', one.folder, '--effort', 'balanced')).toBe('full or auto');
    await runForJson('replay', '--ratings', other.file, '--data', other.folder, '--effort', 'fast', ...scale);
    expect(await runForJson('replay', ...more, '--data', other.folder)).toMatchObject({ learned: 20 });
    expect(await effortOf(...more, '--data', other.folder, '--effort', 'full')).toBe('fast or balanced');
  });

  it('learns a rating once however often its file is replayed', async () => {
    const { folder, file } = givenFile();
    await runForJson('replay', '--ratings', file, '--data', folder, '--skip', '1000');
    const again = await runForJson('replay', '--ratings', file, '--data', folder);
    expect(again).toMatchObject({ sent: 3000, learned: 1000, duplicates: 2000 });
    expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 3000 });
  });

  it('takes the scale of the folder, leaves out what is outside and refuses another scale before anything is appended', async () => {
    const first = givenFile(['u1,i1,2,100', 'u1,i2,5,200']);
    await runForJson('replay', '--ratings', first.file, '--data', first.folder, '--scale', '1..5');
    const wide = givenFile(['u2,i1,9,300', 'u2,i2,4,400', 'u3,i1,nothing,500']);
    const taken = await runForJson('replay', '--ratings', wide.file, '--data', first.folder);
    expect(taken).toMatchObject({ ratings: 1, learned: 1, badLines: 2 });
    const refused = await runCommand('replay', '--ratings', wide.file, '--data', first.folder, '--scale', '1..10');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--scale 1..5 and 1..10 is asked for');
    expect(await runForJson('inspect', '--data', first.folder)).toMatchObject({ ratingsApplied: 3, pending: 0 });
  });

  it('counts what a worker would refuse, by code', async () => {
    const inAYear = Math.floor(Date.now() / 1000) + 365 * 86_400;
    const { folder, file } = givenFile(['u1,i1,2,100', `u1,i2,5,${inAYear}`]);
    const report = await runForJson('replay', '--ratings', file, '--data', folder);
    expect(report).toMatchObject({
      sent: 2,
      accepted: 1,
      rejected: 1,
      reasons: { FRESHET_TIME_INVALID: 1 },
      learned: 1,
    });
  });

  it('tells where to go on when it is stopped, and keeps what was sent', async () => {
    const { folder, file } = givenFile();
    const { io, written, controller } = capturedIo();
    const words = ['replay', '--ratings', file, '--data', folder, '--rate', '500'];
    const ended = dispatch(words, { registry, environment: {}, version: '0', io });
    const applied = async (): Promise<number> => {
      const { code, stdout } = await runCommand('inspect', '--data', folder, '--json');
      return code === 0 ? (JSON.parse(stdout) as { ratingsApplied: number }).ratingsApplied : 0;
    };
    await expect.poll(applied, { timeout: 30_000 }).toBeGreaterThan(0);
    controller.abort(new Error('SIGINT'));
    expect(await ended).toBe(1);
    const next = Number(/go on with --skip (\d+)/.exec(written.stderr)?.[1]);
    expect(next).toBeGreaterThan(0);
    expect(next).toBeLessThan(3000);
    await runForJson('replay', '--ratings', file, '--data', folder, '--skip', String(next));
    expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 3000 });
  });

  it('makes ratings up when it is asked to, dated from now on', async () => {
    const folder = join(newFolder(), 'data');
    const startMs = Date.now();
    const report = await runForJson('replay', '--synthetic', '500', '--data', folder);
    expect(report).toMatchObject({ ratings: 500, learned: 500, rejected: 0 });
    const summary = await runForJson('inspect', '--data', folder);
    expect(summary).toMatchObject({ ratingsApplied: 500, scale: [0.5, 5] });
    const user = await runForJson<{ history: { ratedAt: string }[] }>('inspect', 'user', 'user-1', '--data', folder);
    expect(JSON.stringify(user)).toContain(new Date(startMs).toISOString().slice(0, 10));
    const neither = await runCommand('replay', '--data', folder);
    expect(neither).toMatchObject({ code: 2, stderr: expect.stringContaining('--ratings FILE or --synthetic COUNT') });
  });

  it('needs exactly one target', async () => {
    const { folder, file } = givenFile();
    expect(await runCommand('replay', '--ratings', file)).toMatchObject({ code: 2 });
    const both = await runCommand('replay', '--ratings', file, '--data', folder, '--http', 'http://127.0.0.1:1');
    expect(both.code).toBe(2);
    expect(both.stderr).toContain('--data and --http are given together');
    const wrong = await runCommand('replay', '--ratings', file, '--http', 'localhost:8080');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('no http address') });
  });
});

describe('entries of a file', () => {
  const idsOf = async (text: string, skip = 0): Promise<string[]> => {
    const { table: parsed } = await parseRatings('r.csv', [text], { scale: { lo: 1, hi: 5 } });
    return [...ratingEntries(parsed, skip).batches(2)].flat().map(({ eventId }) => eventId);
  };
  const head = 'userId,itemId,rating,timestamp\n';

  it('keep their event id when lines come or go', async () => {
    const ids = await idsOf(`${head}u1,i1,3,100\nu2,i1,4,200\n`);
    expect(new Set(ids).size).toBe(2);
    expect((await idsOf(`${head}u0,i9,1,50\nu1,i1,3,100\nbroken\nu2,i1,4,200\n`)).slice(1)).toEqual(ids);
    expect(await idsOf(`${head}u1,i1,3,100\nu2,i1,4,200\n`, 1)).toEqual(ids.slice(1));
  });

  it('are told apart when they are equal', async () => {
    const ids = await idsOf(`${head}u1,i1,3,100\nu1,i1,3,100\nu1,i1,3,100\n`);
    expect(new Set(ids).size).toBe(3);
    expect(await idsOf(`${head}u1,i1,3,100\nu1,i1,3,100\nu1,i1,3,100\n`, 2)).toEqual(ids.slice(2));
  });
});

it('a rate is kept: what was sent never runs ahead of it', async () => {
  const pace = pacer(400, new AbortController().signal);
  const startMs = performance.now();
  for (let sent = 0; sent < 80; sent += 20) {
    await pace(20);
    // Timers may fire a millisecond early.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual((sent / 400) * 1000 - 2);
  }
  expect([batchSizeAt(undefined, 500), batchSizeAt(1, 500), batchSizeAt(200, 500), batchSizeAt(1e6, 500)]).toEqual([
    500, 1, 20, 500,
  ]);
});

describe('replay over HTTP', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  interface FakeAnswer {
    readonly status: number;
    readonly body?: unknown;
    readonly retryAfter?: string;
  }

  /** Answers one request after the other from the list; the last answer stays. Collects the bodies. */
  async function givenWorker(...answers: readonly FakeAnswer[]) {
    const bodies: string[] = [];
    const tokens = new Set<string | undefined>();
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const answer = answers[Math.min(bodies.length, answers.length - 1)]!;
        bodies.push(body);
        tokens.add(request.headers.authorization);
        response.writeHead(answer.status, answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter });
        response.end(JSON.stringify(answer.body ?? {}));
      });
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, tokens };
  }

  const small = ['u1,i1,3,100', 'u2,i1,4,200', 'u3,i1,5,300'];

  it('repeats a batch that came too early, unchanged, and reports what was refused', async () => {
    const worker = await givenWorker(
      { status: 429, retryAfter: '0' },
      { status: 503, retryAfter: '0' },
      { status: 202, body: { accepted: 2, rejected: 1, errors: [{ index: 1, code: 'FRESHET_TIME_INVALID' }] } },
    );
    const { file } = givenFile(small);
    const report = await runForJson('replay', '--ratings', file, '--http', worker.url, '--http-token', 'secret');
    expect(report).toMatchObject({
      sent: 3,
      accepted: 2,
      rejected: 1,
      reasons: { FRESHET_TIME_INVALID: 1 },
      repeats: 2,
    });
    expect(new Set(worker.bodies).size).toBe(1);
    expect([...worker.tokens]).toEqual(['Bearer secret']);
    expect(worker.bodies[0]?.split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(
      ['u1', 'u2', 'u3'].map((userId, i) => ({
        userId,
        itemId: 'i1',
        rating: 3 + i,
        ratedAt: (i + 1) * 100_000,
        eventId: expect.stringMatching(/^file-/),
      })),
    );
  });

  it('goes on when none of a batch can be used', async () => {
    const errors = small.map((_, index) => ({ index, code: 'FRESHET_RATING_OUTSIDE_SCALE' }));
    const worker = await givenWorker({ status: 400, body: { accepted: 0, errors } });
    const report = await runForJson('replay', '--ratings', givenFile(small).file, '--http', worker.url);
    expect(report).toMatchObject({ accepted: 0, rejected: 3, reasons: { FRESHET_RATING_OUTSIDE_SCALE: 3 } });
  });

  it.each([
    [401, 'FRESHET_HTTP_TOKEN'],
    [507, 'the disk is full'],
  ])('stops at an answer %i and says why', async (status, said) => {
    const worker = await givenWorker({ status, body: { error: { code: 'X', message: 'the disk is full' } } });
    const { code, stderr } = await runCommand('replay', '--ratings', givenFile(small).file, '--http', worker.url);
    expect(code).toBe(1);
    expect(stderr).toContain(said);
    expect(worker.bodies).toHaveLength(1);
  });

  it('fails at once when nobody answers', async () => {
    const { code, stderr } = await runCommand(
      'replay',
      '--ratings',
      givenFile(small).file,
      '--http',
      'http://127.0.0.1:1',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('No worker answers at http://127.0.0.1:1');
  });
});
