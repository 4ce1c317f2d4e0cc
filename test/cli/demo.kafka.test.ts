import { expect, inject, test } from 'vitest';
import type { DemoReport } from '../../src/cli/demo-report.ts';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { loadSchema } from '../../src/adapters/avro/schemas.ts';
import { readCommitted } from '../support/kafka/read-committed.ts';
import { startRegistry } from '../support/kafka/registry.ts';
import { brokers, describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { testClient } from '../support/kafka/topics.ts';
import { runCommand, runForJson } from '../support/run-command.ts';

const scale = { lo: 0.5, hi: 5 };

async function groups(): Promise<string[]> {
  const admin = testClient(brokers).admin();
  await admin.connect();
  const { groups: found } = await admin.listGroups().finally(() => admin.disconnect());
  return found.map(({ groupId }) => groupId);
}

const itemsOf = ({ recommendations }: DemoReport): string[] => recommendations.map(({ itemId }) => itemId);

const demoOf = (app: string): string[] => ['demo', '--events', '6000', '--brokers', brokers.join(','), '--app', app];

describeKafka('freshet demo --brokers', () => {
  test('comes to the same as in a folder, twice in a row, and leaves its topics but no group', async () => {
    const app = uniqueName('demo');
    const words = [...demoOf(app), '--create-topics'];
    const inFolder = await runForJson<DemoReport>('demo', '--events', '6000');
    for (let run = 0; run < 2; run++) {
      const report = await runForJson<DemoReport>(...words);
      expect(report.total).toEqual(inFolder.total);
      expect(report.window).toEqual(inFolder.window);
      // Their predictions are for the moment in which they are asked for.
      expect(itemsOf(report)).toEqual(itemsOf(inFolder));
      expect(report.predictions).toBe(6000);
      expect(report.lastPrediction?.sourceOffset).toBe(5999);
      expect(report.topics).toMatchObject({
        ratings: `${app}-demo-ratings`,
        predictions: `${app}-demo-predictions`,
        users: `${app}-demo-users`,
      });
      expect(await readCommitted(brokers, `${app}-demo-predictions`)).toHaveLength(6000);
      expect(await groups()).not.toContain(`${app}-demo`);
    }
    const { code, stderr } = await runCommand(...demoOf(app));
    expect(code).toBe(2);
    expect(stderr).toContain(`the topic ${app}-demo-ratings holds an earlier demo; give --create-topics`);
  });

  test('shows the same table, and says where the predictions are', async () => {
    const app = uniqueName('demo');
    const { code, stdout } = await runCommand(...demoOf(app), '--create-topics');
    expect(code).toBe(0);
    for (const said of ['freshet: the published prediction', 'Five recommendations for', `${app}-demo-predictions`]) {
      expect(stdout).toContain(said);
    }
  });

  test('names the flag when its topics are missing, and makes none', async () => {
    const app = uniqueName('demo');
    const { code, stderr } = await runCommand(...demoOf(app));
    expect(code).toBe(2);
    expect(stderr).toContain(`the topic ${app}-demo-ratings of the demo does not exist; give --create-topics`);
    expect(stderr).toContain(`${app}-demo-items`);
    const admin = testClient(brokers).admin();
    await admin.connect();
    const topics = await admin.listTopics().finally(() => admin.disconnect());
    expect(topics.filter((topic) => topic.startsWith(app))).toEqual([]);
    expect(await runCommand('demo', '--create-topics')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give --brokers'),
    });
  });

  test('takes and gives ratings as the clients of a registry write them', { timeout: 180_000 }, async () => {
    if (!inject('hasRegistry')) return;
    const registry = await startRegistry();
    try {
      const app = uniqueName('demo');
      const report = await runForJson<DemoReport>(...demoOf(app), '--create-topics', '--registry-url', registry.url);
      expect(report.predictions).toBe(6000);
      const [first] = await readCommitted(brokers, `${app}-demo-ratings`);
      const codec = createCodec({ scale, nowMs: () => Date.now(), schemaById: () => loadSchema('rating-event') });
      expect(codec.schemaIdOf(first!.value!)).toBeGreaterThan(0);
      expect(codec.decodeRating(first!.value!).userId).toBe(first!.key);
    } finally {
      await registry.stop();
    }
  });
});
