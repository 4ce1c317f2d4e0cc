/** What every format offers to the reader, and what it hands over. */

/** Takes rows as they are parsed; whether their values can be a rating is decided there (table-builder.ts). */
export interface RowSink {
  /** `time` is undefined when the format, or the line, has no place for it. Line numbers are from 1. */
  row(line: number, user: unknown, item: unknown, rating: unknown, time: unknown): void;
  bad(line: number, reason: string): void;
}

export interface LineParser {
  /** Consecutive lines of the file; the first of them has the given number. Throws RatingsFileError when nothing can come of it. */
  lines(batch: readonly string[], firstLine: number): void;
  end(): void;
}
