import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRatings, readRatings, type ReadOptions } from '../../../src/adapters/files/read-ratings.ts';
import { RatingsFileError } from '../../../src/errors.ts';
import { removeFolder } from '../../support/remove-folder.ts';

const parse = (text: string, options: ReadOptions = {}, name = 'ratings') => parseRatings(name, [text], options);

const rows = async (text: string, options: ReadOptions = {}, name = 'ratings') => {
  const { table } = await parse(text, options, name);
  return [...table.ratings].map((rating, index) => [
    table.users[table.userIndex[index]!],
    table.items[table.itemIndex[index]!],
    rating,
    table.ratedAtMs[index],
  ]);
};

const ab = [
  ['a', 'x', 3, 1_000],
  ['b', 'y', 4.5, 2_000],
];

describe('formats', () => {
  it.each([
    ['movielens-100k', 'a\tx\t3\t1\nb\ty\t4.5\t2\n'],
    ['movielens-dat', 'a::x::3::1\nb::y::4.5::2'],
    ['csv', 'userId,movieId,rating,timestamp\na,x,3,1\nb,y,4.5,2\n'],
    ['csv', '"User-ID";"ISBN";"Book-Rating";"Date"\r\n"a";"x";"3";1\r\n\r\n"b";"y";"4.5";2\r\n'],
    ['csv', '\uFEFFtime,stars,item_id,user_id,note\n1,3,x,a,"so, so"\n2,4.5,y,b,"two\nlines ""quoted"""\n'],
    ['tsv', 'user\titem\trating\ttime\na\tx\t3\t1\nb\ty\t4.5\t2\n'],
    [
      'jsonl',
      '{"userId":"a","itemId":"x","rating":3,"ratedAt":1}\n\n{"userId":"b","itemId":"y","rating":"4.5","ratedAt":2}',
    ],
  ])('tells %s by itself: %j', async (format, text) => {
    expect((await parse(text)).format).toBe(format);
    expect(await rows(text)).toEqual(ab);
  });

  it('lets the user overrule what it would have detected', async () => {
    expect(
      await rows('1\t2\t3\t4\na\tx\t3\t1\nb\ty\t4.5\t2\n', {
        format: 'tsv',
        columns: { user: '1', item: '2', rating: '3', time: '4' },
      }),
    ).toEqual(ab);
  });

  it('takes the columns that the user names, also inside of objects', async () => {
    const columns = { user: 'who', item: 'product.sku', rating: 'n', time: 'at' };
    expect(
      await rows(
        '{"who":"a","product":{"sku":"x"},"n":3,"at":1,"rating":9}\n{"who":"b","product":{"sku":"y"},"n":4.5,"at":2}',
        { columns },
      ),
    ).toEqual(ab);
    expect(await rows('n,at,product.sku,who,rating\n3,1,x,a,9\n4.5,2,y,b,9', { columns })).toEqual(ab);
  });

  it.each([
    ['a,x,3,1\nb,y,4,2\n', {}, /no column for user, item, rating among a, x, 3, 1; name the columns/],
    ['user,item,rating\na,x,3\n', { columns: { time: 'when' } }, /time \(when\)/],
    ['{"userId":"a","stars":3}', {}, /no column for item among userId, stars/],
    ['a\tx\t3\t1\n', { columns: { user: 'a' } }, /movielens-100k has no named columns/],
    ['', {}, /the file is empty/],
    ['\n \n', {}, /the file is empty/],
    ['user,item,rating\n', {}, /none of 1 lines, read as csv/],
    [
      'a::x::good\n',
      {},
      /none of 1 lines, read as movielens-dat, is a rating \(line 1: rating "good" is not a finite number\)/,
    ],
  ] as const)('refuses %j and says why', async (text, options, message) => {
    const failure = parse(text, options);
    await expect(failure).rejects.toThrow(RatingsFileError);
    await expect(failure).rejects.toThrow(message);
  });
});

describe('times', () => {
  it('sorts by time and keeps ties in file order', async () => {
    expect((await rows('a::x::1::30\nb::x::2::10\nc::x::3::30\nd::x::4::10')).map(([user]) => user)).toEqual([
      'b',
      'd',
      'a',
      'c',
    ]);
  });

  it('numbers ratings without time by the second, in file order', async () => {
    expect(await rows('a::x::3\nb::bad\nb::y::4')).toEqual([
      ['a', 'x', 3, 0],
      ['b', 'y', 4, 1_000],
    ]);
    expect((await parse('a::x::3')).timed).toBe(false);
    expect((await parse('a::x::3::9')).timed).toBe(true);
  });

  it.each([
    ['1700000000', 1_700_000_000_000],
    ['1700000000.5', 1_700_000_000_500],
    ['1700000000123', 1_700_000_000_123],
    ['2023-11-14T22:13:20Z', 1_700_000_000_000],
    ['2023-11-14 22:13:20', 1_700_000_000_000],
    ['2023-11-14T23:13:20.250+0100', 1_700_000_000_250],
    ['2023-11-14', 1_699_920_000_000],
  ])('reads %s', async (written, ratedAtMs) => {
    expect(await rows(`user,item,rating,time\na,x,3,${written}`)).toEqual([['a', 'x', 3, ratedAtMs]]);
  });

  it.each(['', '-1', 'yesterday', '2023-13-01', '1e300', 'NaN'])(
    'counts a line with time %j as bad',
    async (written) => {
      const { badLines, badLineCount } = await parse(`user,item,rating,time\na,x,3,5\na,y,3,${written}`);
      expect(badLineCount).toBe(1);
      expect(badLines).toEqual([{ line: 3, reason: expect.stringContaining('time') }]);
    },
  );
});

describe('scales', () => {
  it('takes the smallest and the largest rating for the scale, and says so', async () => {
    expect((await parse('a::x::-2\nb::y::7.5\nb::z::0')).table.scale).toEqual({ lo: -2, hi: 7.5, detected: true });
  });

  it('makes a scale also of ratings that are all equal', async () => {
    expect((await parse('a::x::3\nb::y::3')).table.scale).toEqual({ lo: 2, hi: 4, detected: true });
  });

  it('holds ratings to the scale that is given', async () => {
    const { table, badLines } = await parse('a::x::3\nb::y::6\nc::y::0', { scale: { lo: 1, hi: 5 } });
    expect(table.scale).toEqual({ lo: 1, hi: 5, detected: false });
    expect(badLines.map(({ reason }) => reason)).toEqual([
      'rating 6 is outside the scale 1..5',
      'rating 0 is outside the scale 1..5',
    ]);
  });
});

describe('bad lines', () => {
  it('are counted, the first few named by line, and the rest is used', async () => {
    const text = `user,item,rating,time
a,x,3,1
a,x
,x,3,1
a,"unclosed,3,1
b,y,4.5,2
a,x,Infinity,1
a,${'é'.repeat(200)},3,1
a,12" disc,3,3
`;
    const { table, badLineCount, badLines } = await parse(text);
    expect(table.items).toEqual(['x', 'y', '12" disc']);
    expect(badLines.map(({ line }) => line).sort()).toEqual([3, 4, 5, 7, 8]);
    expect(badLineCount).toBe(5);
    const many = await parse(`a::x::3\n${'b::y\n'.repeat(1_000)}`);
    expect(many.badLineCount).toBe(1_000);
    expect(many.badLines.length).toBeLessThan(10);
  });

  it('cost one line when a quote is never closed, however long the file is', async () => {
    const { table, badLineCount, badLines } = await parse(`user,item,rating\n"a,x,3\n${'b,y,4\n'.repeat(5_000)}`);
    expect(table.ratings).toHaveLength(5_000);
    expect({ badLineCount, badLines }).toEqual({
      badLineCount: 1,
      badLines: [{ line: 2, reason: expect.stringContaining('quote') }],
    });
  });

  it('may come first in a file of JSON lines', async () => {
    const { table, badLines } = await parse('{"user":"a"}\n{"user":"a","item":"x","rating":3}');
    expect(table.items).toEqual(['x']);
    expect(badLines).toEqual([{ line: 1, reason: 'no user, item and rating in it' }]);
  });

  it('include numbers as ids that have lost digits', async () => {
    const { badLines } = await parse(
      '{"user":1,"item":2,"rating":3}\n{"user":12345678901234567890,"item":2,"rating":3}',
    );
    expect(badLines).toEqual([{ line: 2, reason: expect.stringContaining('user') }]);
  });
});

it('reads the same whatever the pieces are in which the text arrives', async () => {
  const text = '\uFEFFuser,item,rating,time\r\na,"x\r\ny",3,2\r\nb,é,4.5,1\r\n';
  const whole = await parse(text);
  for (let size = 1; size < 12; size += 1) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
    expect(await parseRatings('ratings', pieces)).toEqual(whole);
  }
});

it('does not fill the memory with a line that never ends', async () => {
  const endless = Array.from({ length: 100 }, () => 'z'.repeat(2 ** 18));
  const { badLineCount, table } = await parseRatings('r', ['a::x::3\n', ...endless, '\nb::y::4']);
  expect(badLineCount).toBe(1);
  expect(table.users).toEqual(['a', 'b']);
});

describe('files', () => {
  let folder = '';
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'freshet-files-'))));
  afterAll(() => removeFolder(folder));

  it('names a file that is not there, or is a folder', async () => {
    await expect(readRatings(join(folder, 'absent.csv'))).rejects.toThrow(/absent\.csv cannot be read: ENOENT/);
    await expect(readRatings(folder)).rejects.toThrow(/cannot be read: EISDIR/);
  });

  it('names the file that has no usable line', async () => {
    const path = join(folder, 'pictures.csv');
    writeFileSync(path, Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 256)));
    await expect(readRatings(path)).rejects.toThrow(/pictures\.csv: /);
  });
});

const data = new URL('../../../../shared/data/', import.meta.url);
describe.skipIf(!existsSync(data))('published data', () => {
  it.each([
    ['ml-100k/u.data', 'movielens-100k', 100_000, 943, 1_682, 1, true],
    ['ml-1m/ratings_nots.dat', 'movielens-dat', 1_000_209, 6_040, 3_706, 1, false],
    ['ml-latest-small/ratings.csv', 'csv', 100_836, 610, 9_724, 0.5, true],
  ])('%s is read whole', async (path, format, count, users, items, lo, timed) => {
    const file = await readRatings(fileURLToPath(new URL(path, data)));
    expect(file).toMatchObject({ format, timed, badLineCount: 0 });
    expect(file.table.ratings).toHaveLength(count);
    expect(file.table.users).toHaveLength(users);
    expect(file.table.items).toHaveLength(items);
    expect(file.table.scale).toEqual({ lo, hi: 5, detected: true });
    expect(file.table.ratedAtMs.every((timeMs, index, all) => index === 0 || timeMs >= all[index - 1]!)).toBe(true);
  });
});
