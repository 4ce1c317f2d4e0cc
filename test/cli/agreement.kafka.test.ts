/** Whether learning one by one has drifted, asked of a group at work. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import type { ModelsAgreement } from '../../src/cli/models/agree.ts';
import { readCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka } from '../support/kafka/suite.ts';
import { until } from '../support/kafka/until.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { runFreshet } from '../support/run-freshet.ts';
import { kafkaGroup } from './kafka-group.ts';
import { removeFolder } from '../support/remove-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'freshet-agreement-kafka-'));
afterAll(() => removeFolder(folder));

const codec = createCodec({ scale: { lo: 0.5, hi: 5 }, nowMs: () => 0 });
const events = 1600;
const table = syntheticRatings({ seed: 2, events, users: 60, items: 60, drift: 0 });
const file = join(folder, 'ratings.csv');
const rows = Array.from({ length: events }, (_, n) =>
  [
    table.users[table.userIndex[n]!],
    table.items[table.itemIndex[n]!],
    table.ratings[n],
    table.ratedAtMs[n]! / 1000,
  ].join(),
);
writeFileSync(file, ['user,item,rating,time', ...rows].join('\n'));

describeKafka('freshet models agree --brokers', () => {
  test.each([1, 3])('compares what a group of %i partitions at work has learned', async (partitionCount) => {
    const group = await kafkaGroup(partitionCount);
    await runForJson('replay', '--ratings', file, '--scale', '0.5..5', ...group.flags);
    const { worker, stop } = await group.worker({ scale: { lo: 0.5, hi: 5 } });
    const learned = (): number => [...worker.tasks.values()].reduce((sum, task) => sum + task.committedOffset, 0);
    await until('all is learned', () => learned() === events);
    const { code, stdout, stderr } = await runFreshet(['models', 'agree', ...group.flags, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { next, offsets, published, experts, hasDrifted } = JSON.parse(stdout) as ModelsAgreement;
    expect({ next, hasDrifted }).toEqual({ next: 80, hasDrifted: false });
    const before = Object.values(offsets).reduce((sum, offset) => sum + offset, 0);
    expect(before).toBe(events - 80);
    expect(published.ratings).toBe(80);
    // Each prediction of what came next as it stands on the topic.
    const squares = (await readCommitted(brokers, group.topics.predictions))
      .map(({ value }) => codec.decodePrediction(value!))
      .filter(({ sourcePartition, sourceOffset }) => sourceOffset >= offsets[sourcePartition]!)
      .map(({ prediction, rating }) => (prediction - rating!) ** 2);
    expect(squares).toHaveLength(80);
    const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    expect(published.experts['blend']).toBeCloseTo(rmse, 9);
    expect(Object.keys(published.experts)).toEqual(Object.keys(experts));
    // With one partition the log gives the same again; with several their events were interleaved otherwise.
    for (const [name, { onlineRmse }] of partitionCount === 1 ? Object.entries(experts) : []) {
      expect(published.experts[name]).toBeCloseTo(onlineRmse, 5);
    }
    await stop();
  });

  test('says so when nothing is learned', async () => {
    const { flags } = await kafkaGroup(1);
    const { code, stderr } = await runCommand('models', 'agree', ...flags);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('no rating was learned here yet') });
  });
});
