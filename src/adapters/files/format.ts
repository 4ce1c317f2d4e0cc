/** The formats of rating files, and how one is told from its name and first line. */

export const ratingsFormats = ['movielens-100k', 'movielens-dat', 'csv', 'tsv', 'jsonl'] as const;
export type RatingsFormat = (typeof ratingsFormats)[number];

/** Content counts before the name, for a name is changed more easily. `firstLine` is the first one that is not blank. */
export function detectFormat(name: string, firstLine: string): RatingsFormat {
  if (firstLine.trimStart().startsWith('{') || /\.(jsonl|ndjson)$/i.test(name)) return 'jsonl';
  if (firstLine.includes('::')) return 'movielens-dat';
  if (firstLine.includes('\t')) return looksLikeRating(firstLine.split('\t')) ? 'movielens-100k' : 'tsv';
  return /\.tsv$/i.test(name) ? 'tsv' : 'csv';
}

/** A line of `u.data` has no header, and numbers in the third and fourth place. */
const looksLikeRating = (fields: readonly string[]): boolean =>
  fields.length >= 3 && fields.slice(2, 4).every((field) => field.trim() !== '' && Number.isFinite(Number(field)));
