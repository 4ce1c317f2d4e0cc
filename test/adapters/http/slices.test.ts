import { describe, expect, it } from 'vitest';
import { createIntakeGate } from '../../../src/adapters/http/intake-gate.ts';
import { defaultHttpLimits } from '../../../src/adapters/http/limits.ts';
import { takeRatings } from '../../../src/adapters/http/take-ratings.ts';
import { createTurns } from '../../../src/adapters/http/turns.ts';
import type { Rating } from '../../../src/ports/events.ts';
import { fakeCodec, FakeRatingsLog, FakeServing, recordingLog } from './fakes.ts';
import { rating } from './given-server.ts';

describe('turns', () => {
  it('give one slice to one waiter in each turn of the event loop, in order', async () => {
    const turns = createTurns();
    const happened: string[] = [];
    const waiters = ['a', 'b', 'c'].map((name) => turns().then(() => happened.push(name)));
    const loop = (async () => {
      for (let turn = 1; turn <= 3; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        happened.push(`turn ${turn}`);
      }
    })();
    await Promise.all([...waiters, loop]);
    expect(happened).toEqual(['a', 'turn 1', 'b', 'turn 2', 'c', 'turn 3']);
  });
});

describe('a big request', () => {
  async function turnsTaken(count: number, microsecondsPerEntry: number): Promise<number> {
    let taken = 0;
    const ratingsLog = new FakeRatingsLog();
    const toRating = (value: unknown): Rating => {
      const endMs = performance.now() + microsecondsPerEntry / 1000;
      while (performance.now() < endMs);
      return fakeCodec.toRating(value);
    };
    const reply = await takeRatings(
      {
        serving: new FakeServing(1),
        ratingsLog,
        codec: { ...fakeCodec, toRating },
        gate: createIntakeGate(ratingsLog, defaultHttpLimits),
        limits: defaultHttpLimits,
        turns: async () => {
          taken++;
        },
        nowMs: () => 0,
        timeField: 'ratedAt',
        log: recordingLog([]),
      },
      { count, at: (index) => rating(`u${index}`) },
    );
    expect(reply.status).toBe(202);
    expect(ratingsLog.count).toBe(count);
    return taken;
  }

  it('gives the thread away whenever its slice is over', async () => {
    // 32 entries of 50 microseconds each are longer than a slice: a turn at the start, and one after each 32.
    expect(await turnsTaken(320, 50)).toBe(10);
  });

  it('is not what a small one has to wait for', async () => {
    expect(await turnsTaken(32, 50)).toBe(0);
  });
});
