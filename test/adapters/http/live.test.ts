import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LiveSamples } from '../../../src/adapters/http/live-samples.ts';
import { NetworkWindows } from '../../../src/adapters/http/live-point.ts';
import { readEvents } from './event-stream.ts';
import { fakeCodec, FakeTopicReader } from './fakes.ts';
import { givenServer, jsonOf } from './given-server.ts';

const readLive = (url: string): ReturnType<typeof readEvents> => readEvents(`${url}/live`);

/** No look from one poll to the next. */
async function quiet(stats: { readonly looks: number }, interval: number): Promise<void> {
  let before = -1;
  const isQuiet = (): boolean => {
    const same = stats.looks === before;
    before = stats.looks;
    return same;
  };
  await expect.poll(isQuiet, { interval }).toBe(true);
}

describe('GET /live', () => {
  it('tells what came before, then once a period how it is, with a sample of what is new', async () => {
    const { url, predictions } = await givenServer({ limits: { livePeriodMs: 10 } });
    const viewer = await readLive(url);
    await expect.poll(() => viewer.events.length).toBeGreaterThan(1);
    expect(viewer.events[0]).toMatchObject({
      name: 'history',
      data: { names: ['mean', 'bias', 'factors', 'blend', 'embedding', 'deep', 'residual', 'autoencoder', 'rbm'] },
    });
    expect(viewer.events[1]!.data).toMatchObject({
      ...{ ratingsLearned: 5, deadLetters: 2, userRows: 2, itemRows: 3, partitionsHeld: 1, partitionCount: 1 },
      ...{ readiness: { kind: 'ready' }, scale: { lo: 1, hi: 5 }, intervalCoverageRatio: null },
      point: [1_700_000_000_000, 5, 0, 0.9, 0.9, 0.9, 0.9, null, null, null, null, null],
    });
    predictions.publish(0, ...Array.from({ length: 500 }, (_, i) => `u${i}`));
    await expect.poll(() => viewer.events.filter(({ name }) => name === 'predictions')).toHaveLength(1);
    const [sample] = viewer.events.filter(({ name }) => name === 'predictions');
    expect((sample!.data as { userId: string }[]).map(({ userId }) => userId)).toEqual(
      Array.from({ length: 10 }, (_, i) => `u${490 + i}`),
    );
    viewer.leave();
  });

  it('costs nothing while nobody looks: nothing is asked, read or listened to', async () => {
    const { url, stats, predictions } = await givenServer({ limits: { livePeriodMs: 5 } });
    predictions.publish(0, 'u1');
    expect([stats.looks, predictions.reads]).toEqual([0, 0]);
    const viewer = await readLive(url);
    await expect.poll(() => stats.looks).toBeGreaterThan(3);
    expect(predictions.listeners.size).toBe(0);
    viewer.leave();
    // A period without a look: it has been heard that nobody is there.
    await quiet(stats, 60);
  });

  it('looks once for all viewers, and gives a later one what the earlier ones saw', async () => {
    let nowMs = 1_700_000_000_000;
    const { url, stats } = await givenServer({ limits: { livePeriodMs: 50 }, nowMs: () => (nowMs += 1000) });
    const first = await readLive(url);
    await expect.poll(() => first.events.length).toBeGreaterThan(3);
    const second = await readLive(url);
    await expect.poll(() => second.events.length).toBeGreaterThan(2);
    expect(second.events[0]!.data.points.length).toBeGreaterThan(2);
    const shared = second.events[1]!.data.atMs as number;
    expect(first.events.some(({ data }) => data.atMs === shared)).toBe(true);
    const states = first.events.filter(({ name }) => name === 'state').length;
    // One look a tick, and one for the names when a viewer comes.
    expect(stats.looks).toBeLessThanOrEqual(states + 4);
    first.leave();
    second.leave();
  });

  it('has a bounded number of viewers, and room again when one leaves', async () => {
    const { url } = await givenServer({ limits: { viewersMaxCount: 1 } });
    const first = await readLive(url);
    const refused = await fetch(`${url}/live`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await jsonOf(refused)).error.code).toBe('FRESHET_TOO_MANY_STREAMS');
    first.leave();
    await expect
      .poll(async () => {
        const next = await readLive(url);
        next.leave();
        return next.status;
      })
      .toBe(200);
  });

  it('cuts a viewer that takes nothing', async () => {
    const { url, stats, predictions } = await givenServer({ limits: { livePeriodMs: 2 } });
    // Some 50 kB a tick.
    const names = Array.from({ length: 10 }, () => 'u'.repeat(5_000));
    const feeding = setInterval(() => predictions.publish(0, ...names), 1);
    const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    await expect.poll(() => stats.looks).toBeGreaterThan(2);
    await quiet(stats, 100);
    clearInterval(feeding);
    socket.destroy();
  });

  it('ends with the server, and is counted when it opens', async () => {
    const { url, server, answered } = await givenServer();
    const viewer = await readLive(url);
    await server.close();
    await viewer.ended;
    expect(answered).toEqual([{ method: 'GET', route: '/live', status: 200, durationMs: null }]);
  });

  it('ends, and says so in the log, when it cannot be told what happens', async () => {
    const broken = {
      stats: () => {
        throw new Error('no stats');
      },
    };
    const { url, lines } = await givenServer({ stats: broken });
    expect((await fetch(`${url}/live`)).status).toBe(500);
    expect(lines).toEqual([{ level: 'error', message: 'request failed' }]);
  });
});

describe('samples', () => {
  it('come from every partition that has something new, the newest of each', () => {
    const reader = new FakeTopicReader(3);
    const samples = new LiveSamples({ topicReader: reader, codec: fakeCodec, partitionCount: 3 });
    expect(samples.take(10)).toEqual([]);
    for (let n = 0; n < 100; n++) reader.publish(0, `a${n}`);
    reader.publish(2, 'c0', 'c1');
    const users = samples.take(6).map(({ userId }) => userId);
    expect(users.sort()).toEqual(['a97', 'a98', 'a99', 'c0', 'c1']);
    expect(samples.take(6)).toEqual([]);
    expect(reader.reads).toBe(2);
  });
});

describe('errors of networks', () => {
  const serving = (ratings: number, rmse: number, version = 'v1') =>
    [{ kind: 'deep', role: 'serving', version, ratings, rmse, ageMs: 0, weight: null }] as const;

  it('are those of the latest ratings, not of all since it serves', () => {
    const windows = new NetworkWindows();
    expect(windows.rmse([], 'deep')).toBeNull();
    expect(windows.rmse(serving(100, 2), 'deep')).toBeNull();
    expect(windows.rmse(serving(10_000, 2), 'deep')).toBeCloseTo(2, 9);
    // The next 10,000 are off by 1: (4 + 1) / 2 is the mean square of all.
    expect(windows.rmse(serving(20_000, Math.sqrt(2.5)), 'deep')).toBeCloseTo(1, 9);
  });

  it('begin anew with another version, and where the network is gone', () => {
    const windows = new NetworkWindows();
    windows.rmse(serving(10_000, 2), 'deep');
    expect(windows.rmse(serving(1500, 1, 'v2'), 'deep')).toBeCloseTo(1, 9);
    expect(windows.rmse([], 'deep')).toBeNull();
    expect(windows.rmse(serving(50, 1, 'v2'), 'deep')).toBeNull();
  });
});
