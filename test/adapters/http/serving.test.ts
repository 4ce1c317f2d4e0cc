import { describe, expect, it } from 'vitest';
import { predictionOf } from './fakes.ts';
import { givenServer, jsonOf } from './given-server.ts';

describe('GET /users/{id}/predictions/{item}', () => {
  it('answers the prediction in exactly the promised shape', async () => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/users/u1/predictions/i1`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const body = await jsonOf(response);
    expect(body).toEqual(predictionOf('u1', 'i1'));
    expect(Object.keys(body as object)).toEqual([
      'userId',
      'itemId',
      'prediction',
      'low',
      'high',
      'parts',
      'experts',
      'networkWeights',
      'modelVersions',
      'coldUser',
      'coldItem',
    ]);
  });

  it.each(['a/b', 'ü', '50%', '%2F', 'a b', '?x=1', 'a:b;c', '🎬', 'ü'.repeat(128)])(
    'decodes the id %j',
    async (id) => {
      const { url } = await givenServer();
      const path = encodeURIComponent(id);
      const body = await jsonOf(fetch(`${url}/users/${path}/predictions/${path}`));
      expect(body).toMatchObject({ userId: id, itemId: id });
    },
  );

  it.each([
    ['257 bytes', 'x'.repeat(257), 'FRESHET_ID_INVALID'],
    ['129 letters of two bytes', encodeURIComponent('ü'.repeat(129)), undefined],
    ['2,000 bytes', 'x'.repeat(2000), 'FRESHET_BAD_REQUEST'],
    ['no bytes', '', 'FRESHET_ID_INVALID'],
    ['half a character', '%C3', 'FRESHET_BAD_REQUEST'],
    ['a percent sign alone', '%', 'FRESHET_BAD_REQUEST'],
  ])('refuses an id of %s', async (_name, path, code) => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/users/${path}/predictions/i1`);
    expect(response.status).toBe(400);
    const body = await jsonOf(response);
    if (code !== undefined) expect(body.error.code).toBe(code);
    expect(Object.keys(body.error as object)).toEqual(['code', 'message']);
  });
});

describe('GET /users/{id}/recommendations', () => {
  it.each([
    ['', 10],
    ['?count=1', 1],
    ['?count=100', 100],
  ])('answers as many as are asked for: %s', async (query, count) => {
    const { url } = await givenServer();
    const body = await jsonOf(fetch(`${url}/users/u1/recommendations${query}`));
    expect(body.userId).toBe('u1');
    expect(body.recommendations).toHaveLength(count);
    expect(body.recommendations[0]).toEqual({ itemId: 'i0', prediction: 5 });
  });

  it.each(['0', '101', '-1', '1.5', 'ten', '', '1&count=2'])('refuses count=%s', async (count) => {
    const { url } = await givenServer();
    const response = await fetch(`${url}/users/u1/recommendations?count=${count}`);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error.code).toBe('FRESHET_BAD_REQUEST');
  });
});
