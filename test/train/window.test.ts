import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRatings } from '../../src/adapters/files/read-ratings.ts';
import { splitByTime, splitRandomly } from '../../src/train/split.ts';
import { windowOf, windowsOver, type RatingsWindow } from '../../src/train/window.ts';

const tableOf = async (rows: readonly string[], scale = { lo: 0, hi: 10 }) =>
  (await parseRatings('ratings.csv', [['user,item,rating,time', ...rows].join('\n')], { scale })).table;

const rowsOf = ({ users, items, ratings, seconds, userIds, itemIds }: RatingsWindow): string[] =>
  [...users].map((user, at) => `${userIds[user]!},${itemIds[items[at]!]!},${ratings[at]!},${seconds[at]!}`);

const many = tableOf(
  Array.from({ length: 500 }, (_, n) => `u${n % 23},i${(n * 7) % 29},${n % 11},${1e9 + Math.floor(n / 3)}`),
);

describe('a window', () => {
  it('has the ratings in time order on the inner scale', async () => {
    const window = windowOf(await tableOf(['a,x,0,1000000300', 'b,x,10,1000000200', 'a,y,5,1000000100']));
    expect(rowsOf(window)).toEqual(['a,y,3,1000000100', 'b,x,5,1000000200', 'a,x,1,1000000300']);
  });

  it('keeps the last rating of a pair only', async () => {
    const window = windowOf(await tableOf(['a,x,0,1000000001', 'a,y,5,1000000002', 'a,x,10,1000000003']));
    expect(rowsOf(window)).toEqual(['a,y,3,1000000002', 'a,x,5,1000000003']);
  });

  it('shares its numbers with the windows of other files', async () => {
    const [train, test] = windowsOver(await tableOf(['a,x,0,1', 'b,y,5,2']), await tableOf(['c,y,10,1', 'a,z,0,2']));
    expect(rowsOf(train)).toEqual(['a,x,1,1', 'b,y,3,2']);
    expect(rowsOf(test)).toEqual(['c,y,5,1', 'a,z,1,2']);
    expect(test.userIds).toBe(train.userIds);
    expect(test.userIds).toEqual(['a', 'b', 'c']);
  });
});

describe('a split', () => {
  it('loses nothing and doubles nothing, and leaves both parts in time order', async () => {
    const window = windowOf(await many);
    const seeds = fc.integer({ min: 0, max: 1e6 });
    fc.assert(
      fc.property(seeds, fc.double({ min: 0.03, max: 0.5, noNaN: true }), fc.boolean(), (seed, ratio, byTime) => {
        const { rest, heldOut } = byTime ? splitByTime(window, ratio) : splitRandomly(window, ratio, seed);
        expect([...rowsOf(rest), ...rowsOf(heldOut)].sort()).toEqual(rowsOf(window).sort());
        expect(heldOut.ratings).toHaveLength(Math.round(window.ratings.length * ratio));
        for (const { seconds } of [rest, heldOut]) expect([...seconds]).toEqual([...seconds].sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
  });

  it('by time holds out the last', async () => {
    const { rest, heldOut } = splitByTime(windowOf(await many), 0.2);
    expect(rest.seconds.at(-1)).toBeLessThanOrEqual(heldOut.seconds[0]!);
  });

  it('at random is fixed by its seed', async () => {
    const window = windowOf(await many);
    const drawn = (seed: number): string[] => rowsOf(splitRandomly(window, 0.1, seed).heldOut);
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(8)).not.toEqual(drawn(7));
  });

  it('at random draws from everywhere', async () => {
    const window = windowOf(await many);
    const { heldOut } = splitRandomly(window, 0.2, 3);
    const median = window.seconds[window.seconds.length / 2]!;
    const early = heldOut.seconds.filter((second) => second < median).length / heldOut.seconds.length;
    expect(early).toBeGreaterThan(0.35);
    expect(early).toBeLessThan(0.65);
  });

  it('refuses a window that cannot spare ten ratings', async () => {
    const window = windowOf(await tableOf(Array.from({ length: 40 }, (_, n) => `u${n},i${n},5,${n + 1}`)));
    expect(() => splitByTime(window, 0.1)).toThrow(/40 ratings are too few/);
    expect(() => splitRandomly(window, 0.6, 1)).toThrow(/at most half/);
  });
});
