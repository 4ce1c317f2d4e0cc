/** Topics and a group that somebody may begin anew with, because they are nobody else's. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { UsageError } from '../../errors.ts';
import { asBrokerError } from './broker-error.ts';
import type { KafkaTopics } from './changelog.ts';
import { offsetOf } from './offsets.ts';

export interface ThrowawayOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly topics: KafkaTopics;
  readonly groupId: string;
  /** Delete what an earlier run left; otherwise empty topics have to be there. */
  readonly anew: boolean;
}

const patienceMs = 30_000;
const pollMs = 50;

/** Afterwards there is no group, and the topics are gone (`anew`) or empty. Throws UsageError with every problem at once. */
export async function openDemoTopics(options: ThrowawayOptions): Promise<void> {
  const { kafka, brokers, topics, groupId, anew } = options;
  const names = Object.values(topics) as string[];
  await withAdmin(kafka, brokers, 'Preparing the topics of the demo', async (admin) => {
    await refuseRunning(admin, groupId);
    const existing = new Set(await admin.listTopics());
    const there = names.filter((name) => existing.has(name));
    if (anew) {
      if (there.length > 0) await admin.deleteTopics({ topics: there });
      await until(async () => !(await admin.listTopics()).some((name) => names.includes(name)));
    } else {
      const problems = names
        .filter((name) => !existing.has(name))
        .map((name) => `the topic ${name} of the demo does not exist; give --create-topics to create it`);
      for (const name of there) {
        const ends = await admin.fetchTopicOffsets(name);
        if (ends.some(({ high, low }) => offsetOf(high) > offsetOf(low)))
          problems.push(`the topic ${name} holds an earlier demo; give --create-topics to make it anew`);
      }
      if (problems.length > 0) throw new UsageError(problems);
    }
    await deleteGroup(admin, groupId);
  });
}

/** After its last member has left. */
export const forgetGroup = (kafka: Kafka, groupId: string, brokers: readonly string[]): Promise<void> =>
  withAdmin(kafka, brokers, `Deleting the group ${groupId}`, (admin) => deleteGroup(admin, groupId));

async function refuseRunning(admin: Admin, groupId: string): Promise<void> {
  const { groups } = await admin.describeGroups([groupId]);
  if (!groups.some(({ members }) => members.length > 0)) return;
  throw new UsageError([
    `a demo runs at these brokers in the group ${groupId}; wait for its end, or give another name with --app`,
  ]);
}

async function deleteGroup(admin: Admin, groupId: string): Promise<void> {
  await until(async () => {
    const { groups } = await admin.listGroups();
    if (!groups.some((group) => group.groupId === groupId)) return true;
    // A member may still be leaving: it is looked at again.
    await admin.deleteGroups([groupId]).catch(() => undefined);
    return false;
  });
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await isDone())) {
    if (performance.now() > deadlineMs) throw new Error(`it was not done within ${patienceMs / 1000} s`);
    await delay(pollMs);
  }
}

async function withAdmin<T>(
  kafka: Kafka,
  brokers: readonly string[],
  what: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw asBrokerError(error, what, brokers);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
