/** Text into lines, in batches: one array a chunk costs far less than one event a line. */
import { createReadStream } from 'node:fs';

/** The rest of a longer line is dropped: a binary file, or one without line ends, must not fill the memory. */
const longestLine = 2 ** 20;

export function readChunks(path: string): AsyncIterable<string> {
  return createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 18 }) as AsyncIterable<string>;
}

/** Lines without their ends (\n or \r\n) and without a byte order mark; the last one counts when it is not empty. */
export async function* toLines(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string[]> {
  let rest = '';
  let first = true;
  for await (const chunk of chunks) {
    const lines = (rest + (first && chunk.startsWith('\uFEFF') ? chunk.slice(1) : chunk)).split('\n');
    first &&= chunk === '';
    rest = (lines.pop() ?? '').slice(0, longestLine);
    if (lines.length > 0) yield lines.map(trimEnd);
  }
  if (rest !== '') yield [trimEnd(rest)];
}

const trimEnd = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line).slice(0, longestLine);
