/** `freshet dead-letters list|replay`: what was refused and why, and another try. */
import type { LettersReplay } from './dead-letters/judge.ts';
import { replayLetters } from './dead-letters/replay.ts';
import { latestLetters, type Letters } from './dead-letters/list.ts';
import type { Values } from '../setting.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { withStore, withView } from './folder.ts';
import { kafkaRules } from './kafka-settings.ts';
import { mappingOf, mappingSettings } from './mapping-settings.ts';
import { registryOptionsOf, registrySettings } from './registry-settings.ts';
import { renderTable } from './table.ts';
import { folderOrKafka, oneTarget } from './target.ts';

const settings = {
  ...folderOrKafka,
  ...registrySettings,
  limit: { type: 'integer', min: 1, max: 100_000, default: 20, unit: 'letters', doc: 'list: the latest so many.' },
  ...mappingSettings,
} as const;

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
  settings,
  rules: [oneTarget('data', 'brokers'), ...kafkaRules],
  examples: [
    { line: 'dead-letters list --data ./freshet-data', shows: 'The latest ones, newest last' },
    {
      line: 'dead-letters replay --data ./freshet-data --map userId=customer.id,itemId=sku',
      shows: 'Another try with a corrected mapping, while no worker runs',
    },
    {
      line: 'dead-letters replay --brokers localhost:9092 --registry-url http://localhost:8081',
      shows: 'Another try on Kafka, now that the registry knows the schema; workers may run',
    },
  ],
  async run(values, io) {
    const { stdout, signal } = io;
    const { action, data = '', limit, json } = values;
    if (action === 'list') {
      const letters =
        values.brokers === undefined
          ? await withView(data, (view) => latestLetters(view, limit))
          : await listOnKafka(values, io);
      stdout.write(json ? `${JSON.stringify(letters)}\n` : listText(letters));
      return 'fine';
    }
    const instead = 'Stop it first: what it refused is tried again while it does not run.';
    const replayed =
      values.brokers === undefined
        ? await withStore(data, instead, (store) => replayLetters(store, mappingOf(values), signal))
        : await replayOnKafka(values, io);
    stdout.write(json ? `${JSON.stringify(replayed)}\n` : replayText(replayed, values.brokers !== undefined));
    return 'fine';
  },
});

async function listOnKafka(values: Values<typeof settings>, io: CommandIo): Promise<Letters> {
  const [{ withKafka }, { latestLettersOnKafka }] = await Promise.all([
    import('./kafka-client.ts'),
    import('./dead-letters/on-kafka.ts'),
  ]);
  return withKafka(values, io, ['ratings', 'deadLetters'], (client) => latestLettersOnKafka(client, values.limit, io));
}

async function replayOnKafka(values: Values<typeof settings>, io: CommandIo): Promise<LettersReplay> {
  const [{ withKafka }, { replayLettersOnKafka }, { storedSettingsOn }, codecs, clients, sources] = await Promise.all([
    import('./kafka-client.ts'),
    import('./dead-letters/replay-on-kafka.ts'),
    import('./kafka-stored-settings.ts'),
    import('../adapters/avro/codec.ts'),
    import('../adapters/registry/registry-client.ts'),
    import('../adapters/registry/registry-schemas.ts'),
  ]);
  return withKafka(values, io, ['ratings', 'deadLetters'], async (client) => {
    const registry = registryOptionsOf(values);
    const schemas = registry && sources.createRegistrySchemas(clients.createRegistryClient(registry), client.log);
    const codec = codecs.createCodec({
      ...mappingOf(values),
      scale: (await storedSettingsOn(client))?.scale ?? { lo: 1, hi: 5 },
      nowMs: () => Date.now(),
      ...(schemas === undefined ? {} : { schemaById: (id) => schemas.schemaById(id) }),
    });
    return replayLettersOnKafka({ client, codec, schemas, io });
  });
}

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

function replayText(
  { deadLetters: total, replayed, alreadyIn, stillRefused, reasons }: LettersReplay,
  onKafka: boolean,
): string {
  const takenIn = onKafka
    ? '; the workers take them in, when they read them as it was done here.\n'
    : '; freshet run takes them in when it starts, with the same mapping.\n';
  const why = Object.entries(reasons).map(([code, count]) => `${count} ${code}`);
  return [
    `${replayed} of ${total} dead letters were put into the ratings log again`,
    replayed === 0 ? '.\n' : takenIn,
    alreadyIn === 0 ? '' : `${alreadyIn} are in the log already, where they were not refused.\n`,
    stillRefused === 0 ? '' : `${stillRefused} would be refused again and were left alone (${why.join(', ')}).\n`,
  ].join('');
}
