import { expect, it } from 'vitest';
import { filesUnder, firstCells, page, read } from './pages.ts';

const key = /\b[A-Z][a-z]+\d{2}\b/g;

/** Keys in square brackets of the comments, which may go over a line's end. */
function keysIn(source: string): string[] {
  const comments = [...source.matchAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm)].map(([text]) => text.replaceAll(/\n\s*\*/g, ' '));
  const citations = comments.flatMap((text) => text.match(/\[[^\]]*\]/g) ?? []);
  return citations.flatMap((text) => text.match(key) ?? []);
}

const cited = new Set(filesUnder('src', '.ts').flatMap((path) => keysIn(read(path))));
const listed = firstCells(page('references.md'));

it('every reference key of the sources is on the page, and none there is unused', () => {
  expect([...cited].sort()).toEqual(listed);
  expect(cited.size).toBeGreaterThan(3);
});

it('the keys are found in comments of any form, and nowhere else', () => {
  expect(keysIn('/** a [Koren09, eq. 5; after\n * Smith10] */ const a = b[Float32]; // see [Gibbs21]')).toEqual([
    'Koren09',
    'Smith10',
    'Gibbs21',
  ]);
});

it('every reference says its year, and the keys are in order', () => {
  expect(listed).toEqual([...listed].sort());
  for (const line of page('references.md').matchAll(/^\| (\w+?)(\d\d) \|(.*)$/gm)) {
    expect(line[3]).toMatch(new RegExp(`(19|20)${line[2] ?? ''}\\b`));
    expect(line[3]).toContain(line[1]);
  }
});
