/** `freshet models`: the networks of a data folder, of a running worker, or of a group on Kafka. */
import { networkKinds } from '../model/networks/kinds.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { kafkaRules } from './kafka-settings.ts';
import { modelsSettings, type ModelAnswer, type ModelOrder, type ModelsValues } from './models/order.ts';
import { listText, showText } from './models/report.ts';
import { trainableKinds } from '../train/trainers.ts';
import { oneTarget } from './target.ts';
import { httpAddress } from './worker-client.ts';

const actions = ['list', 'show', 'train', 'promote', 'roll-back'] as const;
type ModelAction = (typeof actions)[number];

export const models = defineCommand({
  name: 'models',
  summary: 'list the networks, train one, let a version serve, or bring the former one back',
  positionals: {
    action: {
      type: 'choice',
      choices: actions,
      required: true,
      doc: 'list, show KIND, train KIND, promote KIND VERSION, or roll-back KIND.',
    },
    kind: { type: 'choice', choices: networkKinds, doc: 'Which kind of network.' },
    version: { type: 'text', doc: 'Which version is to serve.' },
  },
  settings: modelsSettings,
  rules: [
    oneTarget('data', 'http', 'brokers'),
    httpAddress,
    ...kafkaRules,
    {
      needs: ['action', 'kind', 'version'],
      problem({ action, kind, version }) {
        if (action !== 'list' && kind === undefined) return `the kind is missing; give models ${action} KIND`;
        if (action === 'promote' && version === undefined)
          return `the version is missing; give models promote ${kind ?? 'KIND'} VERSION, models list says which there are`;
        if (action === 'train' && !trainableKinds.some((known) => known === kind))
          return `this version does not train ${kind ?? ''}; it trains ${trainableKinds.join(', ')}`;
        return undefined;
      },
    },
  ],
  examples: [
    { line: 'models list --data ./freshet-data', shows: 'What serves, what is tried, and how good it is' },
    { line: 'models train embedding --http http://127.0.0.1:8080', shows: 'Ask a running worker for a training' },
    { line: 'models train embedding --data ./freshet-data', shows: 'Train here and now, while no worker runs' },
    {
      line: 'models roll-back deep --brokers localhost:9092',
      shows: 'The version before serves again, on every worker',
    },
  ],
  async run(values, io) {
    const answer = await ask(orderOf(values.action, values.kind, values.version), values, io);
    const { stdout } = io;
    if (answer.kind === 'refused') {
      stdout.write(values.json ? `${JSON.stringify({ refused: answer.reason })}\n` : `Not done: ${answer.reason}.\n`);
      return 'failed';
    }
    if (answer.kind === 'done')
      stdout.write(values.json ? `${JSON.stringify(answer.record)}\n` : showText(answer.record));
    else if (values.kind === undefined || values.action === 'list')
      stdout.write(
        values.json ? `${JSON.stringify({ models: answer.records })}\n` : listText(answer.records, Date.now()),
      );
    else
      for (const record of answer.records)
        if (record.kind === values.kind) stdout.write(values.json ? `${JSON.stringify(record)}\n` : showText(record));
    return 'fine';
  },
});

function orderOf(action: ModelAction, kind: string | undefined, version: string | undefined): ModelOrder {
  if (action === 'list') return { action };
  const known = networkKinds.find((name) => name === kind) ?? networkKinds[0];
  return action === 'promote' ? { action, kind: known, version: version ?? '' } : { action, kind: known };
}

async function ask(order: ModelOrder, values: ModelsValues, io: CommandIo): Promise<ModelAnswer> {
  if (values.http !== undefined) {
    return (await import('./models/over-http.ts')).askOverHttp(order, values.http, values.httpToken, io.signal);
  }
  if (values.brokers !== undefined) return (await import('./models/on-kafka.ts')).askOnKafka(order, values, io);
  return (await import('./models/in-folder.ts')).askFolder(order, values, io);
}
