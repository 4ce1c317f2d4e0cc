/** A group on Kafka and a folder that learned the same ratings are described alike. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClient } from '../support/kafka/topics.ts';
import { brokers, describeKafka } from '../support/kafka/suite.ts';
import { until } from '../support/kafka/until.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { kafkaGroup, type KafkaGroup } from './kafka-group.ts';
import { removeFolder } from '../support/remove-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'freshet-inspect-kafka-'));
afterAll(() => removeFolder(folder));
const data = join(folder, 'data');
let group: KafkaGroup;

describeKafka('freshet inspect --brokers', () => {
  beforeAll(async () => {
    const file = join(folder, 'ratings.csv');
    const rows = Array.from({ length: 900 }, (_, i) => `u${i % 37},i${i % 11},${1 + ((i * 7) % 5)},${1e9 + i}`);
    writeFileSync(file, ['userId,itemId,rating,timestamp', ...rows].join('\n'));
    const send = (...place: string[]) => runForJson('replay', '--ratings', file, '--scale', '1..5', ...place);
    group = await kafkaGroup(1);
    await Promise.all([send('--data', data, '--effort', 'balanced'), send(...group.flags)]);
    const worker = await group.worker();
    await until('all is learned', () => worker.worker.tasks.get(0)?.committedOffset === 900);
    await worker.stop();
  });

  test('says of a user and of an item what it says of a folder', async () => {
    for (const words of [
      ['user', 'u5'],
      ['item', 'i3'],
    ]) {
      const onKafka = await runForJson('inspect', ...words, ...group.flags);
      expect(onKafka).toMatchObject({ known: true });
      expect(onKafka).toEqual(await runForJson('inspect', ...words, '--data', data));
    }
  });

  test('sums up what is there, but for the number of predictions', async () => {
    const { predictions, partitions, ...inFolder } = await runForJson('inspect', '--data', data);
    expect(predictions).toBe(900);
    const onKafka = await runForJson('inspect', ...group.flags);
    expect(onKafka).toMatchObject(inFolder);
    expect(onKafka['predictions']).toBeNull();
    expect(onKafka['partitions']).toEqual([{ ...(partitions as object[])[0], predictions: null }]);
    const { stdout } = await runCommand('inspect', ...group.flags);
    expect(stdout).toContain('900 ratings learned of 37 users and 11 items, scale 1..5');
  });

  test('knows nothing of others, and of nobody in a group that has learned nothing', async () => {
    const empty = await kafkaGroup(3);
    for (const [kind, id] of [
      ['user', 'u99'],
      ['item', 'i99'],
    ] as const) {
      for (const { flags } of [group, empty]) {
        expect(await runCommand('inspect', kind, id, ...flags)).toMatchObject({
          code: 1,
          stdout: `Nothing is stored of ${kind} ${id}.\n`,
        });
      }
    }
    expect(await runForJson('inspect', ...empty.flags)).toMatchObject({ ratingsApplied: 0, users: 0, rmse: null });
  });

  test('joins no group, and makes none', async () => {
    const unseen = await kafkaGroup(2);
    await runForJson('inspect', ...unseen.flags);
    const admin = testClient(brokers).admin();
    await admin.connect();
    const { groups } = await admin.listGroups().finally(() => admin.disconnect());
    expect(groups.map(({ groupId }) => groupId)).not.toContain(unseen.app);
  });

  test('names every topic that is missing', async () => {
    const { code, stderr } = await runCommand(
      'inspect',
      '--brokers',
      brokers.join(','),
      '--topics',
      'users=no-a,items=no-b,ratings=no-c',
    );
    expect(code).toBe(2);
    for (const name of ['no-a', 'no-b', 'no-c']) expect(stderr).toContain(`the topic ${name} does not exist`);
  });
});
