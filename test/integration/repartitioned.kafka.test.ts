/** A ratings topic that gets more partitions: a built worker refuses it, and says how to go on. */
import { afterEach, expect, test } from 'vitest';
import { describeKafka, brokers, uniqueName } from '../support/kafka/suite.ts';
import { testClient, topicsOfApp } from '../support/kafka/topics.ts';
import { until } from '../support/kafka/until.ts';
import { joinGroup, placeOf, seriesOf } from './group-member.ts';
import { killAll, stop, tryRun, type RunningWorker } from './running-worker.ts';

afterEach(killAll);

async function giveMore(topics: readonly string[], count: number): Promise<void> {
  const admin = testClient(brokers).admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: topics.map((topic) => ({ topic, count })) });
  await until('the partitions are there', async () => {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
    return found.every(
      ({ partitions }) => partitions.length === count && partitions.every(({ leader }) => leader >= 0),
    );
  });
  await admin.disconnect();
}

async function learn(worker: RunningWorker): Promise<void> {
  const entries = Array.from({ length: 40 }, (_, i) => ({ userId: `u${i}`, itemId: `i${i % 3}`, rating: 1 + (i % 5) }));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body: JSON.stringify(entries) });
  expect(response.status).toBe(202);
  await until('all are learned', async () => {
    const offsets = await seriesOf(worker, 'freshet_committed_offset');
    return [...offsets.values()].reduce((sum, offset) => sum + offset, 0) === entries.length;
  });
}

/** How a start that is refused ends. */
async function refusal(app: string) {
  const started = await tryRun(placeOf(app));
  if (started.kind === 'ready') throw new Error('it started');
  return started;
}

const wayOut = /another --app/;

describeKafka('a ratings topic with another number of partitions', () => {
  test('stops a running worker, which says how to go on', async () => {
    const app = uniqueName('more');
    const worker = await joinGroup(app, 2);
    await learn(worker);
    await giveMore([topicsOfApp(app).ratings], 3);
    const { code, stderr } = await worker.exited;
    expect(stderr).toMatch(/has 3 partitions and had 2/);
    expect(stderr).toMatch(wayOut);
    expect(code).toBe(2);

    // And it does not start again: the other topics have the old number.
    const again = await refusal(app);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/Make a new topic|Either copy the ratings into a new topic/);
  });

  test('is refused at start when all topics were changed alike while no worker ran', async () => {
    const app = uniqueName('more');
    const worker = await joinGroup(app, 2);
    await learn(worker);
    expect((await stop(worker)).code).toBe(0);
    await giveMore(Object.values(topicsOfApp(app)), 3);
    const { code, stderr } = await refusal(app);
    expect(stderr).toMatch(/learned from 2 partitions of ratings and there are 3 now/);
    expect(stderr).toMatch(wayOut);
    expect(code).toBe(2);
  });
});
