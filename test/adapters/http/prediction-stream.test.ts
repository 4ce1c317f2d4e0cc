import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventId, resumeAfter } from '../../../src/adapters/http/stream-position.ts';
import { readEvents, type EventReader } from './event-stream.ts';
import { givenServer, jsonOf } from './given-server.ts';

const users = (reader: EventReader): string[] => reader.events.map(({ data }) => String(data.userId));

describe('GET /predictions/stream', () => {
  it('sends what becomes durable from now on, with partition and offset as id', async () => {
    const { url, predictions } = await givenServer();
    predictions.publish(0, 'before');
    const reader = await readEvents(`${url}/predictions/stream`);
    predictions.publish(0, 'u1', 'u2');
    await expect.poll(() => reader.events).toHaveLength(2);
    predictions.publish(0, 'u3');
    await expect.poll(() => users(reader)).toEqual(['u1', 'u2', 'u3']);
    expect(reader.events.map(({ id }) => id)).toEqual(['0:1', '0:2', '0:3']);
    reader.leave();
  });

  it('begins at the start of the log on request', async () => {
    const { url, predictions } = await givenServer();
    predictions.publish(0, 'u1');
    const reader = await readEvents(`${url}/predictions/stream?from=start`);
    await expect.poll(() => users(reader)).toEqual(['u1']);
    expect((await fetch(`${url}/predictions/stream?from=middle`)).status).toBe(400);
    reader.leave();
  });

  it('resumes every partition behind the last event', async () => {
    const { url, predictions } = await givenServer({ partitionCount: 2 });
    const first = await readEvents(`${url}/predictions/stream`);
    predictions.publish(0, 'a0');
    predictions.publish(1, 'b0');
    await expect.poll(() => first.events).toHaveLength(2);
    first.leave();
    predictions.publish(0, 'a1');
    predictions.publish(1, 'b1');
    const second = await readEvents(`${url}/predictions/stream`, { 'last-event-id': first.events.at(-1)!.id });
    await expect.poll(() => users(second).sort()).toEqual(['a1', 'b1']);
    second.leave();
  });

  it('delivers a long backlog once and in order', async () => {
    const { url, predictions } = await givenServer();
    const names = Array.from({ length: 5_000 }, (_, index) => `u${index}`);
    predictions.publish(0, ...names.slice(0, 4_000));
    const reader = await readEvents(`${url}/predictions/stream?from=start`);
    predictions.publish(0, ...names.slice(4_000));
    await expect.poll(() => reader.events.length, { timeout: 20_000 }).toBe(names.length);
    expect(users(reader)).toEqual(names);
    reader.leave();
  });

  it('refuses an id that is none of its own', async () => {
    const { url } = await givenServer();
    for (const id of ['x', '0', '7:1', '0:-2', '0:1;1:1', '0:1,']) {
      const response = await fetch(`${url}/predictions/stream`, { headers: { 'last-event-id': id } });
      expect([id, response.status]).toEqual([id, 400]);
      await response.body?.cancel();
    }
  });

  it('has a bounded number of readers, and room again when one leaves', async () => {
    const { url, predictions } = await givenServer({ limits: { streamsMaxCount: 1 } });
    const first = await readEvents(`${url}/predictions/stream`);
    const refused = await fetch(`${url}/predictions/stream`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await jsonOf(refused)).error.code).toBe('FRESHET_TOO_MANY_STREAMS');
    first.leave();
    await expect.poll(() => predictions.listeners.size).toBe(0);
    const second = await readEvents(`${url}/predictions/stream`);
    expect(second.status).toBe(200);
    second.leave();
  });

  it('keeps a quiet stream open with comments', async () => {
    const { url } = await givenServer({ limits: { streamHeartbeatMs: 5 } });
    const reader = await readEvents(`${url}/predictions/stream`);
    await expect.poll(() => reader.comments).toContain(': alive');
    reader.leave();
  });

  it('reads no further for a reader that takes nothing, and cuts it in the end', async () => {
    const { url, predictions } = await givenServer({ limits: { streamHeartbeatMs: 500 } });
    predictions.publish(0, 'u'.repeat(5_000));
    const { key, value } = predictions.partitions[0]![0]!;
    // 10,000 events of some 5 kB: 200 reads, of which the socket's own buffers hold a small part.
    for (let offset = 1; offset < 10_000; offset++) predictions.partitions[0]!.push({ offset, key, value });
    const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /predictions/stream?from=start HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    await expect.poll(() => predictions.listeners.size).toBe(1);
    await expect.poll(() => predictions.listeners.size, { timeout: 20_000 }).toBe(0);
    expect(predictions.reads).toBeGreaterThan(0);
    expect(predictions.reads).toBeLessThan(100);
    socket.destroy();
  });

  it('is counted once, when it opens, and not timed', async () => {
    const { url, server, answered } = await givenServer();
    const reader = await readEvents(`${url}/predictions/stream`);
    const opened = [{ method: 'GET', route: '/predictions/stream', status: 200, durationMs: null }];
    expect(answered).toEqual(opened);
    await server.close();
    await reader.ended;
    expect(answered).toEqual(opened);
  });

  it('ends with the server', async () => {
    const { url, server } = await givenServer();
    const reader = await readEvents(`${url}/predictions/stream`);
    await server.close();
    await reader.ended;
  });

  it('ends a stream whose records cannot be decoded, and says so in the log', async () => {
    const { url, predictions, lines } = await givenServer();
    predictions.partitions[0]!.push({ offset: 0, key: null, value: Buffer.from('{') });
    const reader = await readEvents(`${url}/predictions/stream?from=start`);
    await reader.ended;
    expect(lines).toEqual([{ level: 'error', message: 'predictions stream failed' }]);
  });
});

describe('stream position', () => {
  it('survives the way through an event id', () => {
    const next = [5, 0, 12];
    expect(eventId(next, 0, 4)).toBe('0:4,1:-1,2:11');
    expect(resumeAfter(eventId(next, 0, 4), [9, 9, 20])).toEqual(next);
  });

  it('does not wait beyond the end of a younger log', () => {
    expect(resumeAfter('0:900', [3, 4])).toEqual([3, 4]);
  });
});
