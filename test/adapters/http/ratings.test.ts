import { describe, expect, it } from 'vitest';
import { OverloadedError, StorageFullError } from '../../../src/errors.ts';
import type { Rating } from '../../../src/ports/events.ts';
import type { FakeRatingsLog } from './fakes.ts';
import { givenServer, jsonOf, postJson, postLines, rating } from './given-server.ts';

function stored(log: FakeRatingsLog, partition = 0): Rating[] {
  return (log.partitions[partition] ?? []).map(({ value }) => JSON.parse(Buffer.from(value!).toString()) as Rating);
}

describe('POST /ratings', () => {
  it('answers 202 with the offsets of what it stored', async () => {
    const { url, log } = await givenServer();
    log.partitions[0] = [{ key: null, value: null }];
    const response = await postJson(url, [rating('u1'), rating('u2')]);
    expect(response.status).toBe(202);
    expect(await jsonOf(response)).toEqual({
      accepted: 2,
      rejected: 0,
      offsets: [{ partition: 0, first: 1, count: 2 }],
      errors: [],
    });
    expect(log.partitions[0].slice(1).map(({ key }) => Buffer.from(key!).toString())).toEqual(['u1', 'u2']);
  });

  it('answers only when the ratings are durable', async () => {
    const { url, log } = await givenServer();
    let makeDurable: () => void = () => undefined;
    log.gate = new Promise((resolve) => (makeDurable = resolve));
    let answered = false;
    const answer = postJson(url, [rating('u1')]).then((response) => {
      answered = true;
      return response;
    });
    await expect.poll(() => log.appends).toBe(1);
    await fetch(`${url}/healthz`);
    expect(answered).toBe(false);
    makeDurable();
    expect((await answer).status).toBe(202);
  });

  it('takes a single object, and NDJSON with empty lines and a byte order mark', async () => {
    const { url, log } = await givenServer();
    expect((await postJson(url, rating('u1'))).status).toBe(202);
    const lines = `\uFEFF${JSON.stringify(rating('u2'))}\r\n\n${JSON.stringify(rating('u3'))}\n`;
    expect(await jsonOf(postLines(url, lines))).toMatchObject({ accepted: 2, rejected: 0 });
    expect(stored(log).map(({ userId }) => userId)).toEqual(['u1', 'u2', 'u3']);
  });

  it('keeps the good entries and answers the bad ones one by one', async () => {
    const { url, log } = await givenServer();
    const response = await postJson(url, [rating('u1'), rating('u2', { rating: 9 }), 7, null, rating('u3')]);
    expect(response.status).toBe(202);
    const body = await jsonOf(response);
    expect(body).toMatchObject({ accepted: 2, rejected: 3, offsets: [{ partition: 0, first: 0, count: 2 }] });
    expect(body.errors).toEqual([
      { index: 1, code: 'FRESHET_RATING_OUTSIDE_SCALE', reason: 'rating 9 is outside 1..5' },
      { index: 2, code: 'FRESHET_WRONG_TYPE', reason: 'not an object' },
      { index: 3, code: 'FRESHET_WRONG_TYPE', reason: 'not an object' },
    ]);
    expect(stored(log).map(({ userId }) => userId)).toEqual(['u1', 'u3']);
  });

  it('lets a line that is not JSON spoil only itself', async () => {
    const { url } = await givenServer();
    const body = await jsonOf(postLines(url, `${JSON.stringify(rating('u1'))}\n{"userId":\n`));
    expect(body).toMatchObject({ accepted: 1, rejected: 1, errors: [{ index: 1, code: 'FRESHET_UNDECODABLE' }] });
  });

  it('appends once for each partition, in the order of the request', async () => {
    const { url, log } = await givenServer({ partitionCount: 3 });
    const users = Array.from({ length: 900 }, (_, index) => `u${index}`);
    const body = await jsonOf(
      postJson(
        url,
        users.map((user) => rating(user)),
      ),
    );
    expect(log.appends).toBe(3);
    expect(body.accepted).toBe(900);
    const total = (body.offsets as { count: number }[]).reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(900);
    for (let partition = 0; partition < 3; partition++) {
      const expected = users.filter((user) => Number(user.at(-1)) % 3 === partition);
      expect(stored(log, partition).map(({ userId }) => userId)).toEqual(expected);
    }
  });

  it('dates a rating by its receipt when it has no time, and only then', async () => {
    const { url, log } = await givenServer();
    await postJson(url, [rating('u1', { ratedAt: undefined }), rating('u2', { ratedAt: null }), rating('u3')]);
    expect(stored(log).map(({ ratedAtMs }) => ratedAtMs)).toEqual([
      1_700_000_000_000, 1_700_000_000_000, 1_600_000_000_000,
    ]);
  });

  it('takes a rating of null as a withdrawal', async () => {
    const { url, log } = await givenServer();
    expect((await postJson(url, rating('u1', { rating: null }))).status).toBe(202);
    expect(stored(log)[0]?.rating).toBeNull();
  });

  it('answers 400 with every reason when nothing is usable, and stores nothing', async () => {
    const { url, log } = await givenServer();
    const response = await postJson(url, [rating('u1', { rating: 9 }), rating('')]);
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({
      error: { code: 'FRESHET_NOTHING_USABLE' },
      accepted: 0,
      rejected: 2,
      offsets: [],
      errors: [{ index: 0 }, { index: 1 }],
    });
    expect(log.appends).toBe(0);
  });

  it.each([
    ['an empty body', '', 'FRESHET_BAD_REQUEST'],
    ['half an array', '[{"userId":"u1"', 'FRESHET_BAD_REQUEST'],
    ['an empty array', '[]', 'FRESHET_NOTHING_USABLE'],
  ])('answers 400 to %s', async (_name, body, code) => {
    const { url } = await givenServer();
    const response = await postJson(url, body);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error.code).toBe(code);
  });

  it('refuses a body that is not UTF-8', async () => {
    const { url } = await givenServer();
    const response = await postLines(url, Buffer.from([0x7b, 0xff, 0xfe]));
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error).toEqual({
      code: 'FRESHET_BAD_REQUEST',
      message: 'the body is not UTF-8; encode it as UTF-8',
    });
  });

  it('refuses other content types, long bodies and too many ratings whole', async () => {
    const { url, log } = await givenServer({ limits: { bodyMaxBytes: 1000, ratingsPerRequestMaxCount: 3 } });
    expect((await postJson(url, '[]', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await postJson(url, `"${'x'.repeat(1000)}"`)).status).toBe(413);
    const many = await postJson(
      url,
      [1, 2, 3, 4].map((index) => rating(`u${index}`)),
    );
    expect(many.status).toBe(413);
    expect((await jsonOf(many)).error.code).toBe('FRESHET_TOO_MANY_RATINGS');
    expect(log.appends).toBe(0);
  });
});

describe('back-pressure', () => {
  it('answers 429 with Retry-After and accepts nothing when the request does not fit into the backlog', async () => {
    const { url, log } = await givenServer({ partitionCount: 2, limits: { backlogMaxCount: 100 } });
    log.waiting = 98;
    const response = await postJson(url, [rating('u0'), rating('u1'), rating('u2')]);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await jsonOf(response)).error.code).toBe('FRESHET_OVERLOADED');
    expect(log.count).toBe(0);
    expect((await postJson(url, [rating('u0'), rating('u1')])).status).toBe(202);
  });

  it('counts ratings on their way into the log', async () => {
    const { url, log } = await givenServer({ limits: { backlogMaxCount: 3 } });
    let makeDurable: () => void = () => undefined;
    log.gate = new Promise((resolve) => (makeDurable = resolve));
    const first = postJson(url, [rating('u1'), rating('u2')]);
    await expect.poll(() => log.appends).toBe(1);
    expect((await postJson(url, [rating('u3'), rating('u4')])).status).toBe(429);
    makeDurable();
    expect((await first).status).toBe(202);
    expect((await postJson(url, [rating('u3'), rating('u4')])).status).toBe(202);
    expect(log.count).toBe(4);
  });

  it('gives the room for bodies back when a request ends, however it ends', async () => {
    const { url, log } = await givenServer({ limits: { pendingBodiesMaxBytes: 200 } });
    let makeDurable: () => void = () => undefined;
    log.gate = new Promise((resolve) => (makeDurable = resolve));
    const leaving = new AbortController();
    const first = fetch(`${url}/ratings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([rating('u1'), rating('u2')]),
      signal: leaving.signal,
    }).catch(() => 'left');
    await expect.poll(() => log.appends).toBe(1);
    expect((await postJson(url, [rating('u3'), rating('u4')])).status).toBe(429);
    leaving.abort();
    expect(await first).toBe('left');
    makeDurable();
    await expect.poll(async () => (await postJson(url, [rating('u3'), rating('u4')])).status).toBe(202);
  });

  it.each([
    [new OverloadedError('the log is full; come back later'), 429, '1'],
    [new StorageFullError('the disk under the data folder is full; make room'), 507, null],
  ])('passes on what the log says: %s', async (failure, status, retryAfter) => {
    const { url, log } = await givenServer();
    log.failures.set(0, failure);
    const response = await postJson(url, [rating('u0')]);
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(await jsonOf(response)).toEqual({ error: { code: failure.code, message: failure.message } });
  });

  it('never answers 429 when one partition has stored its part: it says which', async () => {
    const { url, log } = await givenServer({ partitionCount: 2 });
    log.failures.set(1, new OverloadedError('full'));
    const response = await postJson(url, [rating('u0'), rating('u1')]);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await jsonOf(response)).toMatchObject({
      error: { code: 'FRESHET_PARTLY_STORED' },
      accepted: 1,
      offsets: [{ partition: 0, first: 0, count: 1 }],
    });
    log.failures.set(1, new StorageFullError('the disk is full; make room'));
    expect((await postJson(url, [rating('u0'), rating('u1')])).status).toBe(507);
  });
});

describe('DELETE /users/{id}', () => {
  it('appends a tombstone under the user and answers its offset', async () => {
    const { url, log } = await givenServer({ partitionCount: 2 });
    const response = await fetch(`${url}/users/${encodeURIComponent('a/ü1')}`, { method: 'DELETE' });
    expect(response.status).toBe(202);
    expect(await jsonOf(response)).toEqual({ userId: 'a/ü1', partition: 1, offset: 0 });
    expect(log.partitions[1]).toEqual([{ key: Buffer.from('a/ü1'), value: null }]);
  });

  it('answers 429 when the log is overloaded', async () => {
    const { url, log } = await givenServer();
    log.failures.set(0, new OverloadedError('full'));
    expect((await fetch(`${url}/users/u1`, { method: 'DELETE' })).status).toBe(429);
  });
});
