import { describe, expect, it } from 'vitest';
import type { ShownLetter } from '../../../src/ports/dead-letters.ts';
import { givenServer, jsonOf } from './given-server.ts';

const letterOf = (value: Uint8Array | null, fields: Partial<ShownLetter> = {}): ShownLetter => ({
  ...{ letterPartition: 0, letterOffset: 0, isRetried: false, key: Buffer.from('u1'), value },
  ...{ code: 'FRESHET_UNDECODABLE', reason: 'it is no rating', topic: 'ratings', partition: 0, offset: 12 },
  ...{ schemaId: null, refusedAtMs: 5_000 },
  ...fields,
});

describe('GET /dead-letters', () => {
  it('shows the latest with where they come from and why', async () => {
    const { url, letters } = await givenServer();
    letters.letters.push(letterOf(Buffer.from('{broken')), letterOf(null, { letterOffset: 1, isRetried: true }));
    expect(await jsonOf(fetch(`${url}/dead-letters?count=1`))).toEqual({
      total: 2,
      letters: [
        {
          ...{ partition: 0, offset: 0, refusedAtMs: 5_000, code: 'FRESHET_UNDECODABLE', reason: 'it is no rating' },
          source: { topic: 'ratings', partition: 0, offset: 12 },
          ...{ schemaId: null, isRetried: false },
          key: { bytes: 2, encoding: 'utf-8', text: 'u1' },
          value: { bytes: 7, encoding: 'utf-8', text: '{broken' },
        },
      ],
    });
    const { letters: all } = await jsonOf(fetch(`${url}/dead-letters`));
    expect(all[1]).toMatchObject({ isRetried: true, value: null });
  });

  it.each([
    ['bytes that are no text', Buffer.from([0, 0, 0, 0, 7, 255]), { encoding: 'base64', text: 'AAAAAAf/' }],
    ['control characters', Buffer.from('a\u0000b'), { encoding: 'base64' }],
    ['a long text, cut inside a character', Buffer.from('ü'.repeat(3_000)), { bytes: 6_000, encoding: 'utf-8' }],
    ['an odd cut', Buffer.from(`x${'€'.repeat(3_000)}`), { bytes: 9_001, encoding: 'utf-8' }],
  ])('shows %s', async (_name, value, expected) => {
    const { url, letters } = await givenServer();
    letters.letters.push(letterOf(value));
    const answer = await jsonOf(fetch(`${url}/dead-letters`));
    expect(answer.letters[0].value).toMatchObject(expected);
    expect(answer.letters[0].value.text.length).toBeLessThanOrEqual(1024);
    expect(answer.letters[0].value.text).not.toContain('\ufffd');
  });

  it.each(['0', '101', 'x'])('refuses count=%s', async (count) => {
    const { url } = await givenServer();
    expect((await fetch(`${url}/dead-letters?count=${count}`)).status).toBe(400);
  });
});

describe('POST /dead-letters/{partition}/{offset}/retry', () => {
  it.each([
    ['0/0', 202, undefined],
    ['0/1', 409, 'FRESHET_NOT_POSSIBLE'],
    ['0/9', 404, 'FRESHET_NOT_FOUND'],
    ['7/0', 404, 'FRESHET_NOT_FOUND'],
    ['x/0', 400, 'FRESHET_BAD_REQUEST'],
    ['0/-1', 400, 'FRESHET_BAD_REQUEST'],
    ['0/1e3', 400, 'FRESHET_BAD_REQUEST'],
  ])('answers for %s: %i', async (path, status, code) => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/dead-letters/${path}/retry`, { method: 'POST' });
    expect(response.status).toBe(status);
    const body = await jsonOf(response);
    if (code === undefined) expect(body).toEqual({ partition: 0, offset: 7 });
    else expect(body.error.code).toBe(code);
  });

  it('says so the second time', async () => {
    const { url } = await givenServer();
    const retry = () => fetch(`${url}/dead-letters/0/0/retry`, { method: 'POST' });
    expect((await retry()).status).toBe(202);
    const again = await retry();
    expect(again.status).toBe(409);
    expect((await jsonOf(again)).error.message).toContain('already');
  });
});

describe('GET /users/{id}', () => {
  it('answers what is remembered, and reasons for a prediction', async () => {
    const { url } = await givenServer();
    const history = [{ itemId: 'i2', rating: 4, ratedAtMs: 5_000 }];
    expect(await jsonOf(fetch(`${url}/users/a%2Fb`))).toEqual({
      ...{ userId: 'a/b', isKnown: true, ratingsLearned: 1, level: 0.25, history },
    });
    expect(await jsonOf(fetch(`${url}/users/u1/explanations/i1`))).toMatchObject({
      ...{ userId: 'u1', itemId: 'i1', prediction: 3.75, reasons: [{ kind: 'user', moved: 0.25 }] },
      ratings: [{ itemId: 'i2', rating: 4, ratedAtMs: 5_000, moved: 0.125 }],
    });
    expect((await fetch(`${url}/users/${'x'.repeat(257)}`)).status).toBe(400);
  });
});
