/** `freshet models`: the networks of a data folder, of a running worker, or of a group on Kafka. */
import { networkKinds } from '../model/networks/kinds.ts';
import { agreementForPeople, saidOf } from './agreement/report.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { kafkaRules } from './kafka-settings.ts';
import type { ModelsAgreement } from './models/agree.ts';
import { modelsSettings, type ModelAnswer, type ModelOrder, type ModelsValues } from './models/order.ts';
import { listText, showText } from './models/report.ts';
import { trainableKinds } from '../train/trainers.ts';
import { oneTarget } from './target.ts';
import { httpAddress } from './worker-client.ts';

const actions = ['list', 'show', 'train', 'promote', 'roll-back', 'agree'] as const;
type ModelAction = Exclude<(typeof actions)[number], 'agree'>;

export const models = defineCommand({
  name: 'models',
  summary:
    'list the networks, train one, let a version serve, bring the former one back, or see whether learning has drifted',
  positionals: {
    action: {
      type: 'choice',
      choices: actions,
      required: true,
      doc: 'list, show KIND, train KIND, promote KIND VERSION, roll-back KIND, or agree.',
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
      needs: ['action', 'http'],
      problem: ({ action, http }) =>
        action === 'agree' && http !== undefined
          ? 'models agree goes through the whole log, which a worker does not hand out over HTTP; give its --data folder or its --brokers, it may be at work meanwhile'
          : undefined,
    },
    {
      needs: ['action', 'kind', 'version'],
      problem({ action, kind, version }) {
        if (action !== 'list' && action !== 'agree' && kind === undefined)
          return `the kind is missing; give models ${action} KIND`;
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
    {
      line: 'models agree --data ./freshet-data',
      shows: 'Whether what was learned one by one has drifted from training from scratch',
    },
    { line: 'models agree --brokers localhost:9092 --json', shows: 'The same of a group on Kafka, for programs' },
  ],
  async run(values, io) {
    if (values.action === 'agree') {
      const report = await agreement(values, io);
      const said = { ...report, says: saidOf(report) };
      io.stdout.write(values.json ? `${JSON.stringify(said)}\n` : agreementForPeople(report));
      return 'fine';
    }
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

async function agreement(values: ModelsValues, io: CommandIo): Promise<ModelsAgreement> {
  const { agree } = await import('./models/agree.ts');
  if (values.brokers === undefined) {
    const { withLearnedInFolder } = await import('./models/learned-in-folder.ts');
    return withLearnedInFolder(values, (learned) => agree(learned, values, io));
  }
  const { withLearnedOnKafka } = await import('./models/learned-on-kafka.ts');
  return withLearnedOnKafka(values, io, (learned) => agree(learned, values, io));
}

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
