/** What a data folder was learned with; its partitions all say the same, once they have learned anything. */
import type { StoredTables } from '../adapters/embedded/embedded-store.ts';
import { defaultSettings, type LearnerSettings } from '../model/settings.ts';
import { settingsKey } from '../stream/keys.ts';
import { decodeStoredSettings, type StoredSettings } from '../stream/stored-settings.ts';

/** Undefined while nothing is learned. */
export function settingsIn(store: Pick<StoredTables, 'partitionCount' | 'readState'>): StoredSettings | undefined {
  for (let partition = 0; partition < store.partitionCount; partition++) {
    const bytes = store.readState(partition, settingsKey);
    if (bytes !== undefined) return decodeStoredSettings(bytes);
  }
  return undefined;
}

export function learnerSettingsIn({
  k,
  seed,
  initialDeviation,
  historyLimit,
  sketchWidth = 0,
}: StoredSettings): LearnerSettings {
  return { ...defaultSettings, k, seed, initialDeviation, historyLimit, sketchWidth };
}
