/** The body of POST /ratings as entries, parsed as late as possible. */
import { isUtf8 } from 'node:buffer';
import { RejectedRecordError } from '../../errors.ts';
import { HttpProblem } from './problem.ts';

export interface Entries {
  readonly count: number;
  /** The parsed JSON value of an entry; throws RejectedRecordError when a line is not JSON. */
  at(index: number): unknown;
}

/** One value or an array of them. Throws HttpProblem when the body is not JSON. */
export function jsonEntries(body: Buffer): Entries {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(body));
  } catch (error) {
    if (error instanceof HttpProblem) throw error;
    throw new HttpProblem(
      'FRESHET_BAD_REQUEST',
      `the body of ${body.length} bytes is not JSON; send an array of ratings, or one rating a line as application/x-ndjson`,
    );
  }
  const entries: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return { count: entries.length, at: (index) => entries[index] };
}

/** One value a line; empty lines are not entries. A bad line spoils only itself, so lines are parsed one at a time. */
export function ndjsonEntries(body: Buffer): Entries {
  const lines = textOf(body)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return { count: lines.length, at: (index) => parseLine(lines[index] ?? '') };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new RejectedRecordError('FRESHET_UNDECODABLE', `the line of ${line.length} characters is not JSON`);
  }
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new HttpProblem('FRESHET_BAD_REQUEST', 'the body is not UTF-8; encode it as UTF-8');
  const hasByteOrderMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return body.toString('utf8', hasByteOrderMark ? 3 : 0);
}
