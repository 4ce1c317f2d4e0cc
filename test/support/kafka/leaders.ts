import { testClient } from './topics.ts';
import { until } from './until.ts';

/** Resolves when none of the topic's partitions is led by this node, or by nobody: a broker that died is missed after some seconds. */
export function awaitOtherLeaders(brokers: readonly string[], topic: string, node: number): Promise<true> {
  return until(
    `others lead ${topic} than node ${node}`,
    async () => {
      const admin = testClient(brokers).admin();
      try {
        await admin.connect();
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0 && leader !== node));
      } catch {
        return undefined; // there is none at the moment
      } finally {
        await admin.disconnect();
      }
    },
    60_000,
    100,
  );
}
