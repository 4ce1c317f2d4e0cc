/**
 * CSV and TSV with a header and quoted fields. csv-parse does the fields; this file finds where each record ends, so that a
 * quote that is never closed costs one line and not the rest of the file, and so that every record knows its line.
 */
import { parse, type Options } from 'csv-parse/sync';
import { findColumns, type ColumnNames, type RatingField } from './columns.ts';
import type { LineParser, RowSink } from './line-parser.ts';

interface Line {
  readonly number: number;
  readonly text: string;
}

/** A quoted field may run over so many lines; one that runs on is taken for a stray quote. */
const longestRecordLines = 50;

export function delimitedParser(format: 'csv' | 'tsv', named: ColumnNames, sink: RowSink): LineParser {
  let delimiter = '\t';
  let places: Readonly<Partial<Record<RatingField, number>>> | null = null;
  /** Lines of a record whose quoted field is still open. */
  let open: Line[] = [];
  let records: Line[] = [];

  const feed = (line: Line): void => {
    if (open.length === 0 && line.text.trim() === '') return;
    if (places === null && open.length === 0 && format === 'csv') delimiter = csvDelimiter(line.text);
    const inside = endsInsideQuotes(line.text, delimiter, open.length > 0);
    open.push(line);
    if (!inside) {
      records.push({ number: open[0]?.number ?? line.number, text: open.map(({ text }) => text).join('\n') });
      open = [];
      if (places === null) flush();
    } else if (open.length >= longestRecordLines) dropFirstOpen();
  };

  const dropFirstOpen = (): void => {
    const [first, ...rest] = open;
    open = [];
    if (first !== undefined) sink.bad(first.number, 'a quote is opened and not closed');
    for (const line of rest) feed(line);
  };

  const flush = (): void => {
    const batch = records;
    records = [];
    for (const [index, fields] of parseRecords(batch, delimiter).entries()) {
      const line = batch[index]?.number ?? 0;
      if (fields === null) sink.bad(line, 'quotes that do not fit together');
      else if (places === null) places = findPlaces(fields, named);
      else addRow(line, fields, places);
    }
  };

  const addRow = (
    line: number,
    fields: readonly string[],
    at: Readonly<Partial<Record<RatingField, number>>>,
  ): void => {
    const field = (name: RatingField): string | undefined => fields[at[name] ?? -1];
    sink.row(
      line,
      field('user'),
      field('item'),
      field('rating'),
      at.time === undefined ? undefined : (field('time') ?? ''),
    );
  };

  return {
    lines(batch, firstLine) {
      for (const [offset, text] of batch.entries()) feed({ number: firstLine + offset, text });
      flush();
    },
    end() {
      while (open.length > 0) dropFirstOpen();
      flush();
    },
  };
}

function findPlaces(header: readonly string[], named: ColumnNames): Readonly<Partial<Record<RatingField, number>>> {
  const names = header.map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(findColumns(names, named)).map(([field, name]) => [field, names.indexOf(name)]),
  );
}

/** Spreadsheets of half of Europe write semicolons. */
const csvDelimiter = (header: string): string => (header.includes(';') && !header.includes(',') ? ';' : ',');

/**
 * A quote opens a field only at its start; inside, two quotes are one. On a later line of a field a quote closes it only at
 * the field's end: anywhere else it belongs to another line, and the first was a stray one.
 */
function endsInsideQuotes(text: string, delimiter: string, startsInside: boolean): boolean {
  let inside = startsInside;
  if (!inside && !text.includes('"')) return false;
  let fieldStart = !inside;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inside) {
      if (letter !== '"') continue;
      if (text[at + 1] === '"') at += 1;
      else if (!startsInside || at + 1 === text.length || text[at + 1] === delimiter) inside = false;
    } else if (letter === '"' && fieldStart) {
      inside = true;
      fieldStart = false;
    } else fieldStart = letter === delimiter;
  }
  return inside;
}

/** All records in one call; one by one when they do not come out as many as they went in. Null for one that cannot be parsed. */
function parseRecords(records: readonly Line[], delimiter: string): (string[] | null)[] {
  const whole = tryParse(records.map(({ text }) => text).join('\n'), delimiter);
  if (whole?.length === records.length) return whole;
  return records.map(({ text }) => {
    const alone = tryParse(text, delimiter);
    return alone?.length === 1 ? (alone[0] ?? null) : null;
  });
}

function tryParse(text: string, delimiter: string): string[][] | null {
  const options = { delimiter, record_delimiter: '\n', relax_quotes: true, relax_column_count: true } satisfies Options;
  try {
    return parse(text, options);
  } catch {
    return null;
  }
}
