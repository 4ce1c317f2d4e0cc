/** `freshet replay`: publishes a file's ratings, or made-up ones, into a data folder, to a running worker, or to the topic. */
import type { Effort } from '../model/settings.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';
import type { Settings, Values } from '../setting.ts';
import type { StoredSettings } from '../stream/stored-settings.ts';
import { renderReplay, type ReplayReport } from './replay/report.ts';
import type { FolderLearning } from './replay/into-folder.ts';
import { ratingEntries, type SendingPlan } from './replay/entries.ts';
import { isDataFolder, withView } from './folder.ts';
import type { commonSettings } from './command.ts';
import { defineCommand, type CommandIo, type Outcome } from './command.ts';
import type { KafkaClient } from './kafka-client.ts';
import { kafkaRules } from './kafka-settings.ts';
import { learnerSettings, learnerSettingsOf } from './learner-settings.ts';
import { loadRatings, ratingsSettings } from './ratings-settings.ts';
import { registrySettings } from './registry-settings.ts';
import { settingsIn } from './stored-settings.ts';
import { anyTarget, oneTarget } from './target.ts';
import { httpAddress } from './worker-client.ts';

const settings = {
  ratings: { type: 'text', unit: 'file', doc: 'File with the ratings.' },
  synthetic: {
    type: 'integer',
    min: 1,
    max: 10_000_000,
    unit: 'ratings',
    doc: 'Instead of a file: so many ratings of a made-up shop, from now on, as the demo has them. Their scale is 0.5..5.',
  },
  ...anyTarget,
  ...registrySettings,
  rate: {
    type: 'number',
    min: 0.1,
    max: 10_000_000,
    unit: 'ratings/s',
    doc: 'At most so many ratings a second; as fast as they are taken when not given.',
  },
  skip: {
    type: 'integer',
    min: 0,
    default: 0,
    unit: 'ratings',
    doc: 'Leave out the first ones: go on where a replay was stopped.',
  },
  ...ratingsSettings,
  ...learnerSettings,
  effort: {
    type: 'choice',
    choices: learnerSettings.effort.choices,
    doc: `Into a folder; when not given, full, with which a worker goes on unless told otherwise, and balanced where the folder was learned with fast or balanced. ${learnerSettings.effort.doc}`,
  },
} as const satisfies Settings;

export const replay = defineCommand({
  name: 'replay',
  summary: "publish a file's ratings, in time order, to a data folder, a running worker or a topic",
  positionals: {},
  settings,
  rules: [
    {
      needs: ['ratings', 'synthetic'],
      problem: ({ ratings, synthetic }) =>
        (ratings === undefined) === (synthetic === undefined)
          ? 'give either --ratings FILE or --synthetic COUNT: one of them says what is sent'
          : undefined,
    },
    oneTarget('data', 'http', 'brokers'),
    httpAddress,
    ...kafkaRules,
  ],
  examples: [
    { line: 'replay --ratings ml-100k/u.data --data ./freshet-data', shows: 'Into a folder that no worker holds' },
    { line: 'replay --ratings r.csv --http http://127.0.0.1:8080 --rate 500', shows: 'To a running worker, gently' },
    {
      line: 'replay --ratings r.csv --brokers localhost:9092',
      shows: 'Into the ratings topic, as fast as it takes them',
    },
    {
      line: 'replay --synthetic 100000 --rate 200 --brokers localhost:9092',
      shows: 'A stream to look at before there are ratings',
    },
    {
      line: 'replay --ratings r.csv --brokers kafka:9093 --kafka-tls --registry-url http://registry:8081',
      shows: 'As the clients of a schema registry write them',
    },
  ],
  async run(values, io) {
    return values.brokers === undefined
      ? send(values, io, undefined)
      : (await import('./kafka-client.ts')).withKafka(values, io, ['ratings'], (client) => send(values, io, client));
  },
});

type ReplayValues = Values<typeof settings & typeof commonSettings>;

async function send(values: ReplayValues, io: CommandIo, client: KafkaClient | undefined): Promise<Outcome> {
  const known = await settingsAt(values.data, client);
  const { table, badLineCount } =
    values.ratings === undefined
      ? { table: await ratingsFromNowOn(values.synthetic ?? 0, values.rate), badLineCount: 0 }
      : await loadRatings(values.ratings, { ...values, scale: values.scale ?? known?.scale }, io.stderr);
  const plan: SendingPlan = { entries: ratingEntries(table, values.skip), rate: values.rate, sentCount: 0 };
  let report: ReplayReport;
  try {
    const learning = {
      scale: table.scale,
      settings: learnerSettingsOf({ ...values, effort: effortOf(values, known) }),
    };
    report = await sendPlan(plan, values, learning, io, client);
  } catch (error) {
    const next = values.skip + plan.sentCount;
    if (next > 0) io.stderr.write(`${next} ratings are sent; go on with --skip ${next}\n`);
    throw error;
  }
  const whole = { ratings: table.ratings.length, badLines: badLineCount, ...report };
  io.stdout.write(values.json ? `${JSON.stringify(whole)}\n` : renderReplay(whole));
  return 'fine';
}

/** What a worker can go on with: rows of fast and balanced have no sketches. */
const effortOf = ({ effort }: ReplayValues, known: StoredSettings | undefined): Effort =>
  effort ?? (known !== undefined && (known.sketchWidth ?? 0) === 0 ? 'balanced' : 'full');

/** Dated as they will be sent. */
async function ratingsFromNowOn(events: number, rate = 1000): Promise<RatingsTable> {
  const { syntheticRatings } = await import('../adapters/synthetic/synthetic-ratings.ts');
  const startMs = Date.now();
  const table = syntheticRatings({ events });
  return { ...table, ratedAtMs: table.ratedAtMs.map((_, index) => startMs + (index / rate) * 1000) };
}

/** What was learned there already, for its scale. */
async function settingsAt(folder: string | undefined, client: KafkaClient | undefined) {
  if (client !== undefined) return (await import('./kafka-stored-settings.ts')).storedSettingsOn(client);
  return folder !== undefined && isDataFolder(folder) ? withView(folder, settingsIn) : undefined;
}

async function sendPlan(
  plan: SendingPlan,
  values: ReplayValues,
  learning: FolderLearning,
  io: CommandIo,
  client: KafkaClient | undefined,
): Promise<ReplayReport> {
  if (client !== undefined) {
    const [{ replayIntoKafka }, { withFramedRatings }, { createCodec }] = await Promise.all([
      import('./replay/into-kafka.ts'),
      import('./confluent-ratings.ts'),
      import('../adapters/avro/codec.ts'),
    ]);
    const codec = createCodec({ scale: learning.scale, nowMs: () => Date.now() });
    return replayIntoKafka(plan, client, await withFramedRatings(codec, values, client.topics.ratings), io);
  }
  if (values.http !== undefined) {
    const { replayOverHttp } = await import('./replay/over-http.ts');
    return replayOverHttp(plan, values.http, values.httpToken, io);
  }
  const { replayIntoFolder } = await import('./replay/into-folder.ts');
  return replayIntoFolder(plan, values.data ?? '', learning, io);
}
