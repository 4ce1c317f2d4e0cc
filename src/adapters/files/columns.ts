/** Which column holds what: by the names that people commonly give them, or by the names that the user said. */
import { RatingsFileError } from '../../errors.ts';

export const ratingFields = ['user', 'item', 'rating', 'time'] as const;
export type RatingField = (typeof ratingFields)[number];

/** Column names as the user gave them; a field that is left out is looked for under its common names. */
export type ColumnNames = Readonly<Partial<Record<RatingField, string>>>;

/** Lower-case letters and digits only: `movieId`, `movie_id` and `Movie-ID` are one name. */
const commonNames: Readonly<Record<RatingField, readonly string[]>> = {
  user: ['userid', 'user', 'uid', 'customerid', 'customer', 'reviewerid'],
  item: ['itemid', 'item', 'iid', 'movieid', 'movie', 'productid', 'product', 'bookid', 'isbn', 'asin', 'sku'],
  rating: ['rating', 'ratings', 'stars', 'score', 'bookrating', 'overall'],
  time: ['timestamp', 'ratedat', 'ratedatms', 'time', 'date', 'datetime', 'unixreviewtime'],
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The name of each field's column among those that are there. Only time may be missing, and only if nobody named it. */
export function findColumns(
  present: readonly string[],
  named: ColumnNames,
): ColumnNames & Record<'user' | 'item' | 'rating', string> {
  const found: Partial<Record<RatingField, string>> = {};
  const missing: string[] = [];
  for (const field of ratingFields) {
    const wanted = named[field];
    const name =
      wanted === undefined
        ? commonNames[field]
            .map((common) => present.find((column) => plain(column) === common))
            .find((column) => column !== undefined)
        : present.find((column) => column === wanted);
    if (name !== undefined) found[field] = name;
    else if (wanted !== undefined) missing.push(`${field} (${wanted})`);
    else if (field !== 'time') missing.push(field);
  }
  const { user, item, rating } = found;
  if (missing.length > 0 || user === undefined || item === undefined || rating === undefined) {
    const shown = present.slice(0, 20).join(', ').slice(0, 300);
    throw new RatingsFileError(
      `no column for ${missing.join(', ')} among ${shown === '' ? 'none' : shown}; name the columns with --columns user=..,item=..,rating=..,time=..`,
    );
  }
  return { ...found, user, item, rating };
}
