/**
 * Values of partitions that a worker expects to be given, read while their present owners still work. When they have
 * moved, only what was written meanwhile is left to read: for so long they stand still.
 */
import type { ViewRole } from '../../ports/changelog-views.ts';
import type { Offset } from '../../ports/transport.ts';
import { parseChangelogKey, type KafkaTopics } from './changelog.ts';
import { valueOf, type LatestValues, type ReadValues, type ValueVisitor } from './latest-values.ts';
import type { PartitionReader } from './partition-reader.ts';

export interface WarmValues extends LatestValues {
  /** Reads them ahead, as many as fit. */
  warm(partitions: readonly number[]): Promise<void>;
  /** These are what was given: what was read ahead of others is dropped. */
  keep(partitions: readonly number[]): void;
}

export interface WarmValuesOptions {
  readonly latest: LatestValues;
  readonly reader: PartitionReader;
  readonly topics: Pick<KafkaTopics, ViewRole>;
  /** Keys and values that are held at most. */
  readonly limitBytes?: number;
}

interface Warm {
  readonly values: Map<string, Uint8Array>;
  readonly position: Offset;
}

const defaultLimitBytes = 128 * 1024 * 1024;

export function createWarmValues(options: WarmValuesOptions): WarmValues {
  const { latest, reader, topics, limitBytes = defaultLimitBytes } = options;
  const held: Record<ViewRole, Map<number, Warm>> = { users: new Map(), items: new Map() };
  let heldBytes = 0;

  /** False when it does not fit. */
  async function read(role: ViewRole, partition: number): Promise<boolean> {
    const values = new Map<string, Uint8Array>();
    const { position } = await latest.visit(role, partition, (key, value) => {
      heldBytes += key.length + value.length;
      if (heldBytes <= limitBytes) values.set(key, new Uint8Array(value));
    });
    if (heldBytes > limitBytes) return false;
    held[role].set(partition, { values, position });
    return true;
  }

  async function onwards(role: ViewRole, partition: number, warm: Warm, visit: ValueVisitor): Promise<ReadValues> {
    const { values } = warm;
    let fromChangelog = 0;
    const position = await reader.readToEnd(topics[role], partition, warm.position, ({ key, value, offset }) => {
      fromChangelog++;
      const name = parseChangelogKey(key, topics[role], offset);
      values.delete(name); // handed over in the order of the log
      if (value !== null) values.set(name, new Uint8Array(valueOf(role, value)));
    });
    for (const [key, value] of values) visit(key, value);
    return { position, fromChangelog, fromDisk: 0 };
  }

  return {
    async warm(partitions) {
      for (const partition of partitions) {
        for (const role of ['users', 'items'] as const) if (!(await read(role, partition))) return;
      }
    },

    keep(partitions) {
      for (const role of ['users', 'items'] as const) {
        for (const partition of held[role].keys()) if (!partitions.includes(partition)) held[role].delete(partition);
      }
    },

    async visit(role, partition, visit, onProgress, committed) {
      const warm = held[role].get(partition);
      held[role].delete(partition);
      if (warm !== undefined) {
        const { start, end } = await reader.bounds(topics[role], partition);
        if (start <= warm.position && warm.position <= end) return onwards(role, partition, warm, visit);
      }
      return latest.visit(role, partition, visit, onProgress, committed);
    },

    release: (partition) => latest.release(partition),
  };
}
