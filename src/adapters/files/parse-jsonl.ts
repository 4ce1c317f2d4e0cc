/** One JSON object a line. A column name with dots reaches inside: `customer.id`. */
import { findColumns, ratingFields, type ColumnNames, type RatingField } from './columns.ts';
import type { LineParser, RowSink } from './line-parser.ts';

export function jsonLinesParser(named: ColumnNames, sink: RowSink): LineParser {
  const paths = new Map<RatingField, readonly string[] | undefined>();
  for (const field of ratingFields) {
    const name = named[field];
    if (name !== undefined) paths.set(field, name.split('.'));
  }

  let learned = false;
  let failure: unknown;

  /** Names that the user did not give are those of the first object that has them all: one program wrote the file. */
  const learnNames = (record: object): boolean => {
    try {
      const found = findColumns([...Object.keys(record), ...Object.values(named)], named);
      for (const field of ratingFields) paths.set(field, paths.get(field) ?? pathOf(found[field]));
      learned = true;
    } catch (error) {
      failure ??= error;
    }
    return learned;
  };

  return {
    lines(batch, firstLine) {
      for (const [offset, text] of batch.entries()) {
        if (text.trim() === '') continue;
        const record = parseObject(text);
        if (record === null) sink.bad(firstLine + offset, 'not a JSON object');
        else if (!learned && !learnNames(record)) sink.bad(firstLine + offset, 'no user, item and rating in it');
        else {
          const [user, item, rating, time] = ratingFields.map((field) => at(record, paths.get(field)));
          sink.row(firstLine + offset, user, item, rating, time);
        }
      }
    },
    end() {
      if (!learned && failure !== undefined) throw failure as Error;
    },
  };
}

const pathOf = (name: string | undefined): readonly string[] | undefined => (name === undefined ? undefined : [name]);

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function at(record: object, path: readonly string[] | undefined): unknown {
  if (path === undefined) return undefined;
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value ?? undefined;
}
