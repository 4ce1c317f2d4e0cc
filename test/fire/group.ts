/** Names of one application on its own brokers, and how far its group is. */
import { createTopics as createFreshetTopics } from '../../src/adapters/kafka/topics.ts';
import { defaultTopics, type KafkaTopics } from '../../src/adapters/kafka/changelog.ts';
import { testClient } from '../support/kafka/topics.ts';
import { topicEnds } from '../support/kafka/topic-ends.ts';
import { until } from '../support/kafka/until.ts';
import { uniqueName } from '../support/kafka/suite.ts';
import { scale } from './feed.ts';

export interface Group {
  readonly app: string;
  readonly topics: KafkaTopics;
  readonly brokers: readonly string[];
  readonly partitionCount: number;
  /** Flags of `freshet run` for a member. */
  readonly flags: readonly string[];
}

export async function createGroup(
  brokers: readonly string[],
  partitionCount: number,
  sessionTimeoutMs: number,
): Promise<Group> {
  const app = uniqueName('fire');
  const named = Object.keys(defaultTopics).map((role) => [role, `${app}-${role.toLowerCase()}`] as const);
  const topics = Object.fromEntries(named) as unknown as KafkaTopics;
  await createFreshetTopics({ kafka: testClient(brokers), brokers, topics, partitionCount });
  const names = named.map(([role, name]) => `${role}=${name}`).join(',');
  const flags = ['--brokers', brokers.join(','), '--app', app, '--topics', names];
  flags.push('--scale', `${scale.lo}..${scale.hi}`, '--session-timeout-ms', String(sessionTimeoutMs));
  return { app, topics, brokers, partitionCount, flags };
}

/** Resolves when every rating of the topic is processed and committed. */
export async function allCommitted({ app, topics, brokers }: Group, timeoutMs: number): Promise<void> {
  const admin = testClient(brokers).admin();
  await admin.connect();
  try {
    await until(
      `the group ${app} is at the end of ${topics.ratings}`,
      async () => {
        const [ends, [committed]] = await Promise.all([
          topicEnds(brokers, topics.ratings),
          admin.fetchOffsets({ groupId: app, topics: [topics.ratings] }),
        ]);
        return ends.every(
          ({ partition, high }) => committed?.partitions.find((one) => one.partition === partition)?.offset === high,
        );
      },
      timeoutMs,
      200,
    );
  } finally {
    await admin.disconnect();
  }
}
