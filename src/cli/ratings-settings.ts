/** Settings of every command that reads a ratings file, and how they become a table. */
import { readRatings, type RatingsFile } from '../adapters/files/read-ratings.ts';
import { ratingFields } from '../adapters/files/columns.ts';
import { ratingsFormats } from '../adapters/files/format.ts';
import type { Settings, Values } from '../setting.ts';
import type { Terminal } from './command.ts';

export const ratingsSettings = {
  format: { type: 'choice', choices: ratingsFormats, doc: 'Format of the ratings file; detected when not given.' },
  columns: {
    type: 'map',
    keys: ratingFields,
    doc: 'Names of the columns (csv, tsv) or fields (jsonl) when they are not the usual ones.',
  },
  scale: {
    type: 'scale',
    doc: "Lowest and highest possible rating; when not given, the file's own lowest and highest, and the output says so.",
  },
} as const satisfies Settings;

/** Reads the file and remarks on what was assumed and what was left out. */
export async function loadRatings(
  path: string,
  values: Values<typeof ratingsSettings>,
  stderr: Terminal,
): Promise<RatingsFile> {
  const file = await readRatings(path, values);
  const { scale } = file.table;
  if (scale.detected) {
    stderr.write(`scale ${scale.lo}..${scale.hi} taken from the ratings; give --scale when others are possible\n`);
  }
  if (!file.timed) stderr.write('the file has no times: its order is taken as the order in time\n');
  if (file.badLineCount > 0) {
    const shown = file.badLines.map(({ line, reason }) => `line ${line}: ${reason}`).join('; ');
    stderr.write(`${file.badLineCount} lines were left out (${shown})\n`);
  }
  return file;
}
