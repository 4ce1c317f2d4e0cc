import { KafkaJSError } from 'kafkajs';
import { testClient } from './topics.ts';
import { until } from './until.ts';

export interface TopicEnd {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

/**
 * The ends of a topic's partitions, by clients that know nothing of former leaders: kafkajs gives up when a broker that
 * has just come back is not the leader yet, and would ask the same one again.
 */
export function topicEnds(brokers: readonly string[], topic: string): Promise<readonly TopicEnd[]> {
  return until(
    `leaders tell the ends of ${topic}`,
    async () => {
      const admin = testClient(brokers).admin();
      await admin.connect();
      try {
        return await admin.fetchTopicOffsets(topic);
      } catch (error) {
        if (error instanceof KafkaJSError && error.retriable) return undefined;
        throw error;
      } finally {
        await admin.disconnect();
      }
    },
    30_000,
    100,
  );
}
