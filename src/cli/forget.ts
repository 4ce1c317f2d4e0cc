/** `freshet forget user ID`: drops a user for good: in a data folder, through a running worker, or through the topics. */
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import { createCodec } from '../adapters/avro/codec.ts';
import type { Values } from '../setting.ts';
import { partitionOf } from '../stream/partition-of.ts';
import { withBatchWorker } from './batch-worker.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { withStore } from './folder.ts';
import { forgetText, type ForgetReport } from './forget/report.ts';
import { userIn } from './inspect/row.ts';
import { kafkaRules } from './kafka-settings.ts';
import { learnerSettingsIn, settingsIn } from './stored-settings.ts';
import { anyTarget, oneTarget } from './target.ts';
import { httpAddress, refused, workerClient } from './worker-client.ts';

export const forget = defineCommand({
  name: 'forget',
  summary: 'drop a user and all that is remembered of them',
  positionals: {
    kind: { type: 'choice', choices: ['user'], required: true, doc: 'What to forget.' },
    id: { type: 'text', required: true, doc: 'The id of the user.' },
  },
  settings: {
    ...anyTarget,
    wait: {
      type: 'number',
      min: 0,
      max: 86_400,
      unit: 's',
      doc: 'Kafka: wait so long for the receipt of a worker, 30 when not given; 0 does not wait.',
    },
  },
  rules: [
    oneTarget('data', 'http', 'brokers'),
    httpAddress,
    ...kafkaRules,
    {
      needs: ['wait', 'brokers'],
      problem: ({ wait, brokers }) =>
        wait !== undefined && brokers === undefined
          ? '--wait is for the receipt of a worker on Kafka; give it with --brokers, or leave it out'
          : undefined,
    },
  ],
  examples: [
    { line: 'forget user u42 --data ./freshet-data', shows: 'While no worker runs' },
    { line: 'forget user u42 --http http://127.0.0.1:8080', shows: 'Through a running worker' },
    {
      line: 'forget user u42 --brokers localhost:9092 --wait 60',
      shows: 'On Kafka, until a worker says that it is done',
    },
  ],
  async run(values, io) {
    const { id, json } = values;
    const report = await forgetUser(values, id, io);
    io.stdout.write(json ? `${JSON.stringify(report)}\n` : forgetText(report));
    return 'fine';
  },
});

const defaultWaitSeconds = 30;

async function forgetUser(
  values: Values<typeof anyTarget> & { readonly wait: number | undefined },
  id: string,
  io: CommandIo,
): Promise<ForgetReport> {
  const { data = '', http, httpToken, brokers, wait = defaultWaitSeconds } = values;
  if (http !== undefined) return forgetOverHttp(id, http, httpToken, io.signal);
  if (brokers === undefined) return forgetInFolder(id, data, io);
  const [{ withKafka }, { forgetOnKafka }] = await Promise.all([
    import('./kafka-client.ts'),
    import('./forget/on-kafka.ts'),
  ]);
  const needed = wait === 0 ? (['ratings'] as const) : (['ratings', 'receipts'] as const);
  return withKafka(values, io, needed, (client) => forgetOnKafka(client, id, wait * 1000, io));
}

async function forgetInFolder(userId: string, folder: string, io: CommandIo): Promise<ForgetReport> {
  const instead =
    `Ask it to forget the user: freshet forget user ${userId} --http URL, which sends DELETE ${pathOf(userId)}. ` +
    'Or stop it first.';
  return withStore(folder, instead, async (store) => {
    const stored = settingsIn(store);
    const scale = stored?.scale ?? { lo: 1, hi: 5 };
    const codec = createCodec({ scale, nowMs: () => Date.now() });
    const key = Buffer.from(codec.decodeUserKey(Buffer.from(userId)));
    const partition = partitionOf(key, store.partitionCount);
    // Nothing was ever processed: the tombstone waits in the log behind the ratings, for the worker that knows the scale.
    if (stored === undefined) {
      return {
        userId,
        partition,
        offset: await appendTombstone(store, partition, key),
        known: false,
        rememberedRatings: 0,
      };
    }
    return withBatchWorker(store, { settings: learnerSettingsIn(stored), scale, codec }, io, async (worker) => {
      await worker.caughtUp();
      const before = userIn(store, userId);
      const offset = await appendTombstone(store, partition, key);
      await worker.caughtUp();
      return {
        userId,
        partition,
        offset,
        known: before !== undefined,
        rememberedRatings: before?.remembered.length ?? 0,
      };
    });
  });
}

const appendTombstone = (store: EmbeddedStore, partition: number, key: Buffer): Promise<number> =>
  store.append(partition, [{ key, value: null }]);

async function forgetOverHttp(
  userId: string,
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ForgetReport> {
  const answer = await workerClient(url, token, signal).send('DELETE', pathOf(userId).slice(1));
  if (answer.status !== 202) throw refused(url, answer);
  const { partition, offset } = answer.body as { partition: number; offset: number };
  return { userId, partition, offset, known: null, rememberedRatings: null };
}

const pathOf = (userId: string): string => `/users/${encodeURIComponent(userId)}`;
