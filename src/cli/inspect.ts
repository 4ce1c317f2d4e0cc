/** `freshet inspect`: what a data folder or a group on Kafka holds, or what is known there of one user or item. */
import { itemIn, userIn, type ItemReport, type UserReport } from './inspect/row.ts';
import { summaryOf, type Summary } from './inspect/summary.ts';
import type { Values } from '../setting.ts';
import { defineCommand, type CommandIo } from './command.ts';
import { withView } from './folder.ts';
import { kafkaRules } from './kafka-settings.ts';
import { renderTable } from './table.ts';
import { folderOrKafka, oneTarget } from './target.ts';

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'say what a data folder or a group on Kafka holds, or what is known of one user or item',
  positionals: {
    kind: { type: 'choice', choices: ['user', 'item'], doc: 'What to look at; everything when not given.' },
    id: { type: 'text', doc: 'Whose row to show.' },
  },
  settings: folderOrKafka,
  rules: [
    oneTarget('data', 'brokers'),
    ...kafkaRules,
    {
      needs: ['kind', 'id'],
      problem: ({ kind, id }) =>
        kind !== undefined && id === undefined
          ? `the id of the ${kind} is missing; give inspect ${kind} ID`
          : undefined,
    },
  ],
  examples: [
    { line: 'inspect --data ./freshet-data', shows: 'Counts and errors, also while a worker runs' },
    { line: 'inspect user u42 --data ./freshet-data', shows: 'Level, remembered ratings and factors of a user' },
    { line: 'inspect item i7 --data ./freshet-data --json', shows: 'An item, for machines' },
    { line: 'inspect user u42 --brokers localhost:9092', shows: 'From the changelogs; no group is joined' },
  ],
  async run(values, io) {
    const { stdout } = io;
    const { kind, id, json } = values;
    if (kind === undefined || id === undefined) {
      const summary = await summarize(values, io);
      stdout.write(json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
      return 'fine';
    }
    const found = await find(values, kind, id, io);
    if (found === undefined) {
      const unknown = kind === 'user' ? { userId: id } : { itemId: id };
      stdout.write(
        json ? `${JSON.stringify({ ...unknown, known: false })}\n` : `Nothing is stored of ${kind} ${id}.\n`,
      );
      return 'failed';
    }
    if (json) stdout.write(`${JSON.stringify({ ...found, known: true })}\n`);
    else stdout.write('userId' in found ? userText(found) : itemText(found));
    return 'fine';
  },
});

type Target = Values<typeof folderOrKafka>;

async function summarize(values: Target, io: CommandIo): Promise<Summary> {
  if (values.brokers === undefined) {
    const { wholeFolder } = await import('./inspect/folder-view.ts');
    return withView(values.data ?? '', (view) => summaryOf(wholeFolder(view)));
  }
  const [{ withKafka }, { wholeGroup }] = await Promise.all([
    import('./kafka-client.ts'),
    import('./inspect/kafka-view.ts'),
  ]);
  return withKafka(values, io, ['ratings', 'users', 'items', 'deadLetters'], async (client) => {
    const view = await wholeGroup(client, io);
    return summaryOf(view).finally(() => view.stop());
  });
}

async function find(values: Target, kind: 'user' | 'item', id: string, io: CommandIo) {
  if (values.brokers === undefined) {
    return withView(values.data ?? '', (view) => (kind === 'user' ? userIn(view, id) : itemIn(view, id)));
  }
  const [{ withKafka }, { viewOfUser, viewOfItem }] = await Promise.all([
    import('./kafka-client.ts'),
    import('./inspect/kafka-view.ts'),
  ]);
  return withKafka(values, io, ['ratings', 'users', 'items'], async (client) =>
    kind === 'user' ? userIn(await viewOfUser(client, id, io), id) : itemIn(await viewOfItem(client, id, io), id),
  );
}

function summaryText(summary: Summary): string {
  const scale = summary.scale === null ? '' : `, scale ${summary.scale.join('..')}`;
  const lines = [
    `${summary.ratingsApplied} ratings learned of ${summary.users} users and ${summary.items} items${scale}`,
    `${summary.predictions === null ? '' : `${summary.predictions} predictions and `}${summary.deadLetters} dead letters in the log; ${summary.pending} records wait to be processed`,
  ];
  const rows = Object.entries(summary.experts).map(([name, { rmse, mae }]) => [name, rmse ?? '-', mae ?? '-']);
  const experts = renderTable({ head: ['expert', 'RMSE', 'MAE'], rows, digits: 4 });
  const partitions = renderTable({
    head: ['partition', 'users', 'ratings', 'processed up to', 'dead letters'],
    rows: summary.partitions.map((p) => [p.partition, p.users, p.ratings, p.committedOffset, p.deadLetters]),
  });
  return `${lines.join('\n')}\n${experts}${summary.partitions.length > 1 ? partitions : ''}`;
}

function userText(user: UserReport): string {
  const { level, counts } = user;
  const rows = user.remembered.map(({ itemId, rating, weight, ratedAt }) => [itemId, String(rating), weight, ratedAt]);
  return [
    `User ${user.userId}, partition ${user.partition}\n`,
    `level ${signed(level.long)} in the long run, ${signed(level.recent)} lately; factors of norm ${user.factorsNorm.toFixed(3)}\n`,
    `${counts.learned} ratings learned (weight now ${counts.weight}), ${counts.remembered} remembered, latest first:\n`,
    renderTable({ head: ['item', 'rating', 'weight', 'rated at'], rows }),
  ].join('');
}

function itemText(item: ItemReport): string {
  return [
    `Item ${item.itemId}\n`,
    `bias ${signed(item.bias)}; sum of weights ${item.weightSum}; factors of norm ${item.factorsNorm.toFixed(3)}\n`,
    `factors ${item.factors.map((factor) => factor.toFixed(3)).join(' ')}\n`,
  ].join('');
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
