/** Forgetting a user on Kafka: on every worker, in every topic that is compacted, and with a receipt. */
import { afterEach, expect, test } from 'vitest';
import { forget, rate } from '../support/flow-inputs.ts';
import { memoryOf } from '../support/flow-state.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { awaitCommitted, readCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka } from '../support/kafka/suite.ts';
import { createKafkaGroup, type KafkaGroup } from './kafka-group.ts';

const groups: KafkaGroup[] = [];
afterEach(() => Promise.all(groups.splice(0).map((group) => group.stop())));

async function given(partitionCount: number): Promise<KafkaGroup> {
  const group = await createKafkaGroup(partitionCount, 2);
  groups.push(group);
  await group.join();
  return group;
}

/** The latest value under each key, as a compacted topic will keep it. */
async function latest(topic: string): Promise<Map<string | null, Buffer | null>> {
  return new Map((await readCommitted(brokers, topic)).map(({ key, value }) => [key, value]));
}

const recommended = (group: KafkaGroup, userId: string) =>
  awaitCommitted(brokers, group.topics.recommendations, (records) => records.some(({ key }) => key === userId));

describeKafka('a user on Kafka', () => {
  test('who rates much is recommended something a few times, without what was rated', { timeout: 60_000 }, async () => {
    const group = await given(1);
    await group.send(...['x', 'y', 'z'].map((item) => rate('bob', item, 4)));
    for (let i = 0; i < 100; i++) await group.send(rate('ann', i % 2 === 0 ? 'x' : 'y', 5));
    await recommended(group, 'ann');
    const { recommendations } = group.workers[0]!.worker.tasks.get(0)!;
    await expect.poll(() => recommendations.count, { timeout: 20_000 }).toBe(0);
    const records = (await readCommitted(brokers, group.topics.recommendations)).filter(({ key }) => key === 'ann');
    expect(records.length).toBeLessThan(10);
    const event = flowCodec.decodeRecommendations(records.at(-1)!.value!);
    expect(event).toMatchObject({ userId: 'ann', sourcePartition: 0, items: [{ itemId: 'z' }] });
  });

  test(
    'who is forgotten is gone from every worker and changelog, with a receipt, and begins anew',
    { timeout: 90_000 },
    async () => {
      const group = await given(2);
      const second = await group.join();
      await expect.poll(() => second.worker.tasks.size, { timeout: 20_000 }).toBe(1);
      const items = ['x', 'y', 'z', 'w'];
      await group.send(...items.flatMap((item) => [rate('ann', item, 5), rate('bob', item, 4), rate('cy', item, 2)]));
      await recommended(group, 'ann');
      await group.send(forget('ann'), forget('stranger'));

      const receipts = await awaitCommitted(brokers, group.topics.receipts, 2);
      const byUser = new Map(receipts.map(({ key, value }) => [key, flowCodec.decodeForgetReceipt(value!)]));
      expect(byUser.get('ann')).toMatchObject({ userId: 'ann', known: true, rememberedRatings: 4 });
      expect(byUser.get('stranger')).toMatchObject({ userId: 'stranger', known: false, rememberedRatings: 0 });

      for (const { worker } of group.workers) {
        expect(Object.keys(memoryOf(worker)).filter((name) => name.endsWith(' user ann'))).toEqual([]);
      }
      // Markers are written topic by topic: what is visible in one may follow in another.
      const isAnns = (key: string | null): boolean => /(^|\/)ann$/.test(key ?? '');
      const left = async (): Promise<unknown> =>
        [...(await latest(group.topics.users))].filter(([key, value]) => isAnns(key) && value !== null);
      await expect.poll(left).toEqual([]);
      const keys = [...(await latest(group.topics.users)).keys()].filter(isAnns);
      expect(keys).toEqual(expect.arrayContaining(['u/ann', 'h/0/ann', 'r/ann']) as unknown);
      await expect.poll(async () => (await latest(group.topics.recommendations)).get('ann')).toBe(null);

      // Somebody else goes on from the changelogs, and knows nothing of the user either.
      await group.workers.shift()!.stop();
      await expect.poll(() => second.worker.tasks.size, { timeout: 20_000 }).toBe(2);
      expect(second.serving.predict('ann', 'x').coldUser).toBe(true);
      expect(second.serving.predict('bob', 'x').coldUser).toBe(false);
      await group.send(rate('ann', 'y', 1));
      const eventsOfAnn = async () =>
        (await readCommitted(brokers, group.topics.predictions))
          .filter(({ key }) => key === 'ann')
          .map(({ value }) => flowCodec.decodePrediction(value!));
      await expect.poll(async () => (await eventsOfAnn()).length).toBe(items.length + 1);
      expect((await eventsOfAnn()).at(-1)).toMatchObject({ itemId: 'y', rating: 1, coldUser: true });
      await awaitCommitted(
        brokers,
        group.topics.recommendations,
        (records) => records.findLast(({ key }) => key === 'ann')?.value !== null,
      );
    },
  );
});
