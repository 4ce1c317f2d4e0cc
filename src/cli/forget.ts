/** `freshet forget user ID`: drops a user for good, in a data folder or through a running worker. */
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import { createCodec } from '../adapters/avro/codec.ts';
import { partitionOf } from '../stream/partition-of.ts';
import { withBatchWorker } from './batch-worker.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { withStore } from './folder.ts';
import { userIn } from './inspect/row.ts';
import { learnerSettingsIn, settingsIn } from './stored-settings.ts';
import { folderOrWorker, oneTarget } from './target.ts';
import { httpAddress, refused, workerClient } from './worker-client.ts';

export const forget = defineCommand({
  name: 'forget',
  summary: 'drop a user and all that is remembered of them',
  positionals: {
    kind: { type: 'choice', choices: ['user'], required: true, doc: 'What to forget.' },
    id: { type: 'text', required: true, doc: 'The id of the user.' },
  },
  settings: { ...folderOrWorker },
  rules: [oneTarget('data', 'http'), httpAddress],
  examples: [
    { line: 'forget user u42 --data ./freshet-data', shows: 'While no worker runs' },
    { line: 'forget user u42 --http http://127.0.0.1:8080', shows: 'Through a running worker' },
  ],
  async run({ id, data, http, httpToken, json }, io) {
    const report =
      http === undefined
        ? await forgetInFolder(id, data ?? '', io)
        : await forgetOverHttp(id, http, httpToken, io.signal);
    io.stdout.write(json ? `${JSON.stringify(report)}\n` : textOf(report));
    return 'fine';
  },
});

interface ForgetReport {
  readonly userId: string;
  readonly partition: number;
  /** Of the tombstone in the ratings log. */
  readonly offset: number;
  /** Null when a worker was asked, which answers before it has looked. */
  readonly known: boolean | null;
  readonly rememberedRatings: number | null;
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

function textOf({ userId, partition, offset, known, rememberedRatings }: ForgetReport): string {
  const where = `tombstone at offset ${offset} of partition ${partition}`;
  if (known === null) return `The worker forgets user ${userId} as soon as it gets there (${where}).\n`;
  if (!known) return `Nothing was known of user ${userId} (${where}).\n`;
  return [
    `User ${userId} is forgotten (${where}): row, level and factors are deleted, and ${rememberedRatings ?? 0} remembered ratings `,
    'taken out of the mean and of their items.\n',
    'What older ratings left in the items stays, like what all of them taught the factors of items, and the records in the log.\n',
  ].join('');
}
