import { firstOf } from '../adapters/kafka/find-records.ts';
import { settingsKey } from '../stream/keys.ts';
import { decodeStoredSettings, type StoredSettings } from '../stream/stored-settings.ts';
import { partitionsOf, type KafkaClient } from './kafka-client.ts';

/** What the group's state was learned with; undefined while nothing is learned. It stands where a partition's changelog begins. */
export async function storedSettingsOn(client: KafkaClient): Promise<StoredSettings | undefined> {
  const { reader, topics } = client;
  if (!client.has('users')) return undefined;
  for (const partition of partitionsOf(client)) {
    const bytes = await firstOf(reader, topics.users, partition, settingsKey);
    if (bytes !== undefined) return decodeStoredSettings(bytes);
  }
  return undefined;
}
