/** A rating file as a table: format and scale are detected unless they are given; bad lines are counted, the rest is used. */
import { basename } from 'node:path';
import { RatingsFileError } from '../../errors.ts';
import type { RatingsTable } from '../../ports/ratings-table.ts';
import type { ColumnNames } from './columns.ts';
import { detectFormat, type RatingsFormat } from './format.ts';
import type { LineParser, RowSink } from './line-parser.ts';
import { delimitedParser } from './parse-delimited.ts';
import { jsonLinesParser } from './parse-jsonl.ts';
import { plainParser } from './parse-plain.ts';
import { readChunks, toLines } from './read-lines.ts';
import { tableBuilder, type BadLine } from './table-builder.ts';

export interface ReadOptions {
  readonly format?: RatingsFormat | undefined;
  /** For csv, tsv and jsonl. */
  readonly columns?: ColumnNames | undefined;
  /** Ratings outside are bad lines. */
  readonly scale?: { readonly lo: number; readonly hi: number } | undefined;
}

export interface RatingsFile {
  readonly table: RatingsTable;
  readonly format: RatingsFormat;
  /** False: the file has no times, and the n-th rating stands at n seconds. */
  readonly timed: boolean;
  readonly badLineCount: number;
  /** The first few of them. */
  readonly badLines: readonly BadLine[];
}

/** Throws RatingsFileError when the file cannot be opened, has no columns for ratings or not one usable line. */
export async function readRatings(path: string, options: ReadOptions = {}): Promise<RatingsFile> {
  try {
    return await parseRatings(basename(path), readChunks(path), options);
  } catch (error) {
    if (error instanceof RatingsFileError) throw new RatingsFileError(`${path}: ${error.message}`, { path }, error);
    if (error instanceof Error && 'syscall' in error) {
      throw new RatingsFileError(`${path} cannot be read: ${error.message}. Give a file of ratings`, { path }, error);
    }
    throw error;
  }
}

/** The same from text in pieces; the name only helps to tell the format. */
export async function parseRatings(
  name: string,
  chunks: AsyncIterable<string> | Iterable<string>,
  { format: given, columns = {}, scale }: ReadOptions = {},
): Promise<RatingsFile> {
  const builder = tableBuilder(scale);
  let format = given;
  let parser: LineParser | null = null;
  let lineNumber = 1;
  for await (const batch of toLines(chunks)) {
    if (parser === null) {
      const firstLine = batch.find((line) => line.trim() !== '');
      if (firstLine !== undefined) {
        format ??= detectFormat(name, firstLine);
        parser = parserOf(format, columns, builder);
      }
    }
    parser?.lines(batch, lineNumber);
    lineNumber += batch.length;
  }
  parser?.end();

  const table = builder.table();
  if (table === null || format === undefined) throw nothingUsable(lineNumber - 1, format, builder.badLines);
  return { table, format, timed: builder.timed(), badLineCount: builder.badLineCount, badLines: builder.badLines };
}

function parserOf(format: RatingsFormat, columns: ColumnNames, sink: RowSink): LineParser {
  switch (format) {
    case 'movielens-100k':
    case 'movielens-dat':
      if (Object.keys(columns).length > 0) {
        throw new RatingsFileError(
          `format ${format} has no named columns; leave out --columns, or give another --format`,
        );
      }
      return plainParser(format === 'movielens-dat' ? '::' : '\t', sink);
    case 'csv':
    case 'tsv':
      return delimitedParser(format, columns, sink);
    case 'jsonl':
      return jsonLinesParser(columns, sink);
  }
}

function nothingUsable(
  lineCount: number,
  format: RatingsFormat | undefined,
  badLines: readonly BadLine[],
): RatingsFileError {
  if (format === undefined) return new RatingsFileError('the file is empty; give one with a rating on each line');
  const reasons = badLines.map(({ line, reason }) => `line ${line}: ${reason}`).join('; ');
  return new RatingsFileError(
    `none of ${lineCount} lines, read as ${format}, is a rating${reasons === '' ? '' : ` (${reasons})`}; check --format, --columns and --scale`,
    { lineCount, format },
  );
}
