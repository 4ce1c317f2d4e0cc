/** Creates and checks the topics of one application. */
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { UsageError } from '../../errors.ts';
import { asBrokerError, isWorthRetrying } from './broker-error.ts';
import type { KafkaTopics } from './changelog.ts';
import { topicProblems, type TopicProblem, type TopicState } from './topic-problems.ts';
import { hasOnePartition, topicRoles, topicSettings } from './topic-settings.ts';

const leadersTimeoutMs = 10_000;

export interface TopicAdminOptions {
  readonly kafka: Kafka;
  /** For messages and commands. */
  readonly brokers: readonly string[];
  readonly topics: KafkaTopics;
}

export interface CreateTopicsOptions extends TopicAdminOptions {
  /** Of a ratings topic that does not exist yet; the other topics get as many as the ratings topic has. */
  readonly partitionCount?: number | undefined;
  /** The brokers' default when left out. */
  readonly replicationFactor?: number | undefined;
}

/** Creates what is missing and touches nothing that is there; resolves with the names of what it created. */
export function createTopics(options: CreateTopicsOptions): Promise<string[]> {
  const { topics, replicationFactor } = options;
  return withAdmin(options, 'Creating topics', async (admin) => {
    const found = await describe(admin, topics);
    const partitionCount = found.get(topics.ratings)?.partitionCount ?? options.partitionCount;
    if (partitionCount === undefined) {
      throw new UsageError([`The topic ${topics.ratings} does not exist. Say how many partitions it is to have.`]);
    }
    const missing = topicRoles.filter((role) => !found.has(topics[role]));
    if (missing.length === 0) return [];
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map((role) => ({
        topic: topics[role],
        numPartitions: hasOnePartition(role) ? 1 : partitionCount,
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
        configEntries: Object.entries(topicSettings[role]).map(([name, value]) => ({ name, value })),
      })),
    });
    const names = missing.map((role) => topics[role]);
    await leadersKnown(admin, names);
    return names;
  });
}

/** Waits until every broker that is asked knows the new topics: some hear of them later than others. */
async function leadersKnown(admin: Admin, names: readonly string[]): Promise<void> {
  const deadlineMs = performance.now() + leadersTimeoutMs;
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
      if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    if (performance.now() > deadlineMs) return; // whoever writes to them waits as well
    await delay(20);
  }
}

/** What is wrong with the topics; nothing when all is well. */
export function checkTopics(options: TopicAdminOptions): Promise<TopicProblem[]> {
  return withAdmin(options, 'Checking topics', async (admin) =>
    topicProblems(options.topics, await describe(admin, options.topics), options.brokers),
  );
}

/** Partitions of those of the topics that are there, by name. */
export function partitionCounts(options: TopicAdminOptions): Promise<ReadonlyMap<string, number>> {
  return withAdmin(options, 'Reading the topics', async (admin) => {
    const found = await describe(admin, options.topics);
    return new Map([...found].map(([topic, state]) => [topic, state.partitionCount]));
  });
}

/** Partitions of the ratings topic. */
export function ratingsPartitionCount(options: TopicAdminOptions): Promise<number> {
  return withAdmin(options, 'Reading the topics', async (admin) => {
    const state = (await describe(admin, options.topics)).get(options.topics.ratings);
    if (state !== undefined) return state.partitionCount;
    throw new UsageError([`The topic ${options.topics.ratings} does not exist. Create it, or give --create-topics.`]);
  });
}

/** How long deletions can be read from the changelogs at least. */
export function deletionsKeptMs(options: TopicAdminOptions): Promise<number> {
  return withAdmin(options, 'Reading the topics', async (admin) => {
    const found = await describe(admin, options.topics);
    const { users, items } = options.topics;
    const kept = [users, items].map((topic) => Number(found.get(topic)?.settings['delete.retention.ms'] ?? 0));
    return Math.min(...kept);
  });
}

async function describe(admin: Admin, topics: KafkaTopics): Promise<Map<string, TopicState>> {
  const existing = new Set(await admin.listTopics());
  const wanted = topicRoles.map((role) => topics[role]).filter((topic) => existing.has(topic));
  if (wanted.length === 0) return new Map();
  const [metadata, configs] = await Promise.all([
    admin.fetchTopicMetadata({ topics: wanted }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: wanted.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
    }),
  ]);
  return new Map(
    metadata.topics.map(({ name, partitions }) => {
      const entries = configs.resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
      const settings = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
      return [name, { partitionCount: partitions.length, settings }];
    }),
  );
}

/** A broker that just died is still named as the one to ask, until the others have noticed. */
const patienceMs = 15_000;
const pauseMs = 500;

async function withAdmin<T>(
  { kafka, brokers }: TopicAdminOptions,
  what: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const startMs = performance.now();
  for (;;) {
    const admin = kafka.admin();
    let isConnected = false;
    try {
      await admin.connect();
      isConnected = true;
      return await work(admin);
    } catch (error) {
      // That no broker at all can be reached is said at once: the address may be wrong.
      const isHopeless = !isConnected || !isWorthRetrying(error) || performance.now() - startMs > patienceMs;
      if (isHopeless) throw asBrokerError(error, what, brokers);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await delay(pauseMs);
  }
}
