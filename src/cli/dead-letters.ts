/** `freshet dead-letters list|replay`: what was refused and why, and another try. */
import { replayLetters, type LettersReplay } from './dead-letters/replay.ts';
import { latestLetters, type Letters } from './dead-letters/list.ts';
import { defineCommand } from './command.ts';
import { dataSetting, withStore, withView } from './folder.ts';
import { mappingOf, mappingSettings } from './mapping-settings.ts';
import { renderTable } from './table.ts';

export const deadLetters = defineCommand({
  name: 'dead-letters',
  summary: 'list the records that were refused, or try them again',
  positionals: {
    action: {
      type: 'choice',
      choices: ['list', 'replay'],
      required: true,
      doc: 'list shows them; replay puts those that can be read now into the ratings log again, each once.',
    },
  },
  settings: {
    data: dataSetting,
    limit: { type: 'integer', min: 1, max: 100_000, default: 20, unit: 'letters', doc: 'list: the latest so many.' },
    ...mappingSettings,
  },
  examples: [
    { line: 'dead-letters list --data ./freshet-data', shows: 'The latest ones, newest last' },
    {
      line: 'dead-letters replay --data ./freshet-data --map userId=customer.id,itemId=sku',
      shows: 'Another try with a corrected mapping, while no worker runs',
    },
  ],
  async run(values, { stdout, signal }) {
    if (values.action === 'list') {
      const letters = await withView(values.data, (view) => latestLetters(view, values.limit));
      stdout.write(values.json ? `${JSON.stringify(letters)}\n` : listText(letters));
      return 'fine';
    }
    const instead = 'Stop it first: what it refused is tried again while it does not run.';
    const mapping = mappingOf(values);
    const replayed = await withStore(values.data, instead, (store) => replayLetters(store, mapping, signal));
    stdout.write(values.json ? `${JSON.stringify(replayed)}\n` : replayText(replayed));
    return 'fine';
  },
});

function listText({ deadLetters: total, letters }: Letters): string {
  if (letters.length === 0) return 'No dead letters.\n';
  const rows = letters.map(({ partition, offset, refusedAt, code, source, reason }) => [
    `${partition}:${offset}`,
    refusedAt,
    code,
    `${source.topic}[${source.partition}]@${source.offset}`,
    reason,
  ]);
  const table = renderTable({ head: ['offset', 'refused at', 'code', 'source', 'reason'], rows });
  return `${table}${letters.length} of ${total} dead letters, newest last\n`;
}

function replayText({ deadLetters: total, replayed, alreadyIn, stillRefused, reasons }: LettersReplay): string {
  const why = Object.entries(reasons).map(([code, count]) => `${count} ${code}`);
  return [
    `${replayed} of ${total} dead letters were put into the ratings log again`,
    replayed === 0 ? '.\n' : '; freshet run takes them in when it starts, with the same mapping.\n',
    alreadyIn === 0 ? '' : `${alreadyIn} are in the log already, where they were not refused.\n`,
    stillRefused === 0 ? '' : `${stillRefused} would be refused again and were left alone (${why.join(', ')}).\n`,
  ].join('');
}
