import { expect, it } from 'vitest';
import { parseRatings } from '../../../src/adapters/files/read-ratings.ts';
import { ratingsFormats } from '../../../src/adapters/files/format.ts';
import { RatingsFileError } from '../../../src/errors.ts';

const originals = [
  'userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n"2","a ""b""",4,1260759179\n3,"x\ny",5,2020-01-01\n4,12,1,1260759200\n',
  'user\titem\tstars\ttime\nann\tx\t3\t1\nbob\ty\t4.5\t2\ncid\tz\t1\t3\n',
  '{"userId":"a","itemId":7,"rating":3,"ratedAt":1}\n{"userId":"b","itemId":8,"rating":4.5,"ratedAt":1700000000000}\n',
  '1::1193::5::978300760\n1::661::3::978302109\n2::914::3::978301968\n',
];

const pieces = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  '::',
  '\n',
  '\r',
  '\r\n',
  '{',
  '}',
  '[',
  ':',
  '\\',
  '\\u',
  '\0',
  '\uFEFF',
  '\uD800',
  'é',
  '-',
  '.',
  'e',
  '1e999',
  'NaN',
  '__proto__',
  'null',
  ' ',
  '9'.repeat(40),
  'x'.repeat(300),
];

/** Mulberry32: the same mutations in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutate(text: string, pick: (below: number) => number): string {
  let mutated = text;
  for (let edits = 1 + pick(6); edits > 0; edits -= 1) {
    const from = pick(mutated.length + 1);
    const to = Math.min(mutated.length, from + pick(8));
    const cut = mutated.slice(from, to);
    const put = [pieces[pick(pieces.length)]!, '', cut + cut, mutated.slice(pick(mutated.length + 1)).slice(0, 20)][
      pick(4)
    ]!;
    mutated = mutated.slice(0, from) + put + mutated.slice(to);
  }
  return mutated;
}

it('takes or refuses each of 20,000 mutated files, and never anything else', async () => {
  const outcomes = { read: 0, partly: 0, refused: 0 };
  for (let seed = 0; seed < 20_000; seed += 1) {
    const pick = seeded(seed);
    const text = mutate(originals[seed % originals.length]!, pick);
    const cut = pick(text.length + 1);
    const format = pick(4) === 0 ? ratingsFormats[pick(ratingsFormats.length)] : undefined;
    try {
      const { table, badLineCount } = await parseRatings('ratings', [text.slice(0, cut), text.slice(cut)], { format });
      const count = table.ratings.length;
      expect(count).toBeGreaterThan(0);
      for (const column of [table.userIndex, table.itemIndex, table.ratedAtMs]) expect(column).toHaveLength(count);
      expect(table.ratings.every((rating) => rating >= table.scale.lo && rating <= table.scale.hi)).toBe(true);
      expect(table.ratedAtMs.every((timeMs) => timeMs >= 0 && Number.isFinite(timeMs))).toBe(true);
      expect([...table.users, ...table.items].every((id) => id !== '' && Buffer.byteLength(id) <= 256)).toBe(true);
      expect(new Set(table.users).size).toBe(table.users.length);
      outcomes[badLineCount === 0 ? 'read' : 'partly'] += 1;
    } catch (error) {
      if (!(error instanceof RatingsFileError))
        throw new Error(`seed ${seed}: ${JSON.stringify(text)}`, { cause: error });
      outcomes.refused += 1;
    }
  }
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(500);
});
