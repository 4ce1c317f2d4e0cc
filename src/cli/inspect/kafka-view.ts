/** What a group keeps on Kafka, from its changelogs: committed records only, and nobody is joined or disturbed. */
import { nextOffsetKey } from '../../adapters/kafka/checkpoint-rounds.ts';
import { parseItemRecord } from '../../adapters/kafka/changelog.ts';
import { latestOf } from '../../adapters/kafka/find-records.ts';
import { changelogValues } from '../../adapters/kafka/latest-values.ts';
import { restorePartition } from '../../adapters/kafka/restore.ts';
import { encodeStoredSettings } from '../../stream/stored-settings.ts';
import { historyKey, itemKey, parseStateKey, settingsKey, userKey } from '../../stream/keys.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import type { CommandIo } from '../command.ts';
import { partitionsOf, type KafkaClient } from '../kafka-client.ts';
import { storedSettingsOn } from '../kafka-stored-settings.ts';
import { readingProgress } from '../reading-progress.ts';
import type { RowView, WholeView } from './view.ts';

/** From the user's partition alone. */
export async function viewOfUser(client: KafkaClient, userId: string, io: CommandIo): Promise<RowView> {
  const { reader, topics, partitionCount } = client;
  const home = partitionOf(Buffer.from(userId), partitionCount);
  const own = userKey(userId);
  const ofUser = (key: string): boolean =>
    key === own || key === settingsKey || (key.startsWith('h/') && key.endsWith(userId) && isHistoryOf(key, userId));
  const progress = await readingProgress(reader, [{ topic: topics.users, partitions: [home] }], io);
  try {
    const state = await latestOf(reader, topics.users, home, ofUser, progress.of(topics.users, home));
    return { partitionCount, readState: (_, key) => state.get(key), readItem: () => undefined };
  } finally {
    progress.stop();
  }
}

function isHistoryOf(key: string, userId: string): boolean {
  const parsed = parseStateKey(key);
  return parsed.kind === 'history' && parsed.userId === userId && key === historyKey(userId, parsed.blockNumber);
}

export async function viewOfItem(client: KafkaClient, itemId: string, io: CommandIo): Promise<RowView> {
  const { reader, topics, partitionCount } = client;
  const wanted = itemKey(itemId);
  const contributions = new Map<number, Uint8Array>();
  const progress = await readingProgress(reader, [{ topic: topics.items, partitions: partitionsOf(client) }], io);
  try {
    for (const partition of partitionsOf(client)) {
      const isWanted = (key: string): boolean => key === wanted;
      const found = await latestOf(reader, topics.items, partition, isWanted, progress.of(topics.items, partition));
      const record = found.get(wanted);
      if (record !== undefined) contributions.set(partition, parseItemRecord(record).afterImage);
    }
  } finally {
    progress.stop();
  }
  const stored = contributions.size === 0 ? undefined : await storedSettingsOn(client);
  const settings = stored && encodeStoredSettings(stored);
  return {
    partitionCount,
    readState: (_, key) => (key === settingsKey ? settings : undefined),
    readItem: (partition) => contributions.get(partition),
  };
}

/** Predictions are too many to be counted; their ends count transaction markers, too. */
export async function wholeGroup(client: KafkaClient, io: CommandIo): Promise<WholeView & { stop(): void }> {
  const { reader, topics, partitionCount } = client;
  const partitions = partitionsOf(client);
  const read = [topics.users, topics.items, topics.deadLetters].map((topic) => ({ topic, partitions }));
  const progress = await readingProgress(reader, read, io);
  return {
    partitionCount,
    stop: () => progress.stop(),
    async visit(partition, visitor) {
      let committedOffset: number | undefined;
      await restorePartition(
        {
          latest: changelogValues(reader, topics),
          topics,
          partition,
          onProgress: ({ topic, doneRatio }) => progress.share(topic, partition, doneRatio),
        },
        {
          state(key, value) {
            if (key === nextOffsetKey) committedOffset = Number(Buffer.from(value).toString());
            else visitor.state(key, value);
          },
          item: (itemId, afterImage) => visitor.item(itemId, afterImage),
        },
      );
      let deadLetters = 0;
      const { start } = await reader.bounds(topics.deadLetters, partition);
      await reader.readToEnd(
        topics.deadLetters,
        partition,
        start,
        ({ value }) => {
          if (value !== null) deadLetters++;
        },
        progress.of(topics.deadLetters, partition),
      );
      const ratings = await reader.bounds(topics.ratings, partition);
      return {
        ratings: ratings.end,
        committedOffset: committedOffset ?? ratings.start,
        predictions: null,
        deadLetters,
      };
    },
  };
}
