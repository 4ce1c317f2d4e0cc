/** The embedded log in memory, for tests: the same laws as the folder, and it forgets everything with its disk. */
import type { InputRecord, Offset, OutputRecord, StateChange, TopicName } from '../../ports/transport.ts';
import { changedMark, freshMark, type Engine, type TaskChange, type TaskMark, type WriteUnit } from './engine.ts';
import { createWriteQueue, type PreparedUnit } from './write-queue.ts';

interface Partition {
  readonly logs: Record<TopicName, OutputRecord[]>;
  readonly state: Map<string, Uint8Array>;
  readonly items: Map<string, Uint8Array>;
  mark: TaskMark;
}

/** What survives a crash: hand it to the next engine. */
export interface MemoryDisk {
  readonly partitions: readonly Partition[];
  readonly models: Map<string, Uint8Array>;
}

export interface MemoryEngine extends Engine {
  /** As if the process had died: what was not yet durable is gone, and nothing more is written. */
  crash(): void;
}

export function createMemoryDisk(partitionCount: number): MemoryDisk {
  const partitions = Array.from({ length: partitionCount }, () => ({
    logs: { ratings: [], predictions: [], 'dead-letters': [], receipts: [], recommendations: [] },
    state: new Map<string, Uint8Array>(),
    items: new Map<string, Uint8Array>(),
    mark: freshMark,
  }));
  return { partitions, models: new Map() };
}

export function createMemoryEngine(disk: MemoryDisk): MemoryEngine {
  const queue = createWriteQueue<WriteUnit>({
    prepare: (unit) => Promise.resolve(copyOf(unit)),
    changeCount: (unit) => (unit.task?.state.length ?? 0) + (unit.task?.items.length ?? 0) + unit.appends.length,
    writeGroup: (group) => Promise.resolve(group.map(apply)),
  });
  const at = (partition: number): Partition => {
    const found = disk.partitions[partition];
    if (found === undefined) throw new RangeError(`partition ${partition} of ${disk.partitions.length}`);
    return found;
  };

  function apply({ prepared }: PreparedUnit<WriteUnit>): Offset[] {
    if (prepared.task !== null) applyTask(prepared.task);
    applyChanges(disk.models, prepared.models ?? []);
    return prepared.appends.map(({ topic, partition, records }) => {
      const log = at(partition).logs[topic];
      const first = log.length;
      for (const record of records) log.push(record);
      return first;
    });
  }

  function applyTask(task: TaskChange): void {
    const { state, items } = at(task.partition);
    applyChanges(state, task.state);
    for (const { itemId, afterImage } of task.items) {
      if (afterImage === null) items.delete(itemId);
      else items.set(itemId, afterImage);
    }
    at(task.partition).mark = changedMark(at(task.partition).mark, task);
  }

  return {
    partitionCount: disk.partitions.length,
    end: (topic, partition) => at(partition).logs[topic].length,
    read(topic, partition, from, limit) {
      const found: InputRecord[] = [];
      const log = at(partition).logs[topic];
      for (let offset = Math.max(from, 0); offset < log.length && found.length < limit; offset++) {
        const record = log[offset];
        if (record !== undefined) found.push({ offset, key: copyBytes(record.key), value: copyBytes(record.value) });
      }
      return found;
    },
    mark: (partition) => at(partition).mark,
    readState: (partition, key) => copyBytes(at(partition).state.get(key)),
    readItem: (partition, itemId) => copyBytes(at(partition).items.get(itemId)),
    readModel: (key) => copyBytes(disk.models.get(key)),
    modelKeys: (prefix) => [...disk.models.keys()].filter((key) => key.startsWith(prefix)).sort(),
    visit(partition, visitor) {
      const { mark, state, items } = at(partition);
      if (visitor.state) for (const [key, value] of state) visitor.state(key, copyBytes(value));
      if (visitor.item) for (const [itemId, afterImage] of items) visitor.item(itemId, copyBytes(afterImage));
      return Promise.resolve(mark);
    },
    write: (unit) => queue.write(unit),
    close: () => queue.close(),
    crash: () => queue.abandon(),
  };
}

/** A disk keeps copies: nobody can change what is stored by keeping a reference, neither writers nor readers. */
function copyOf(unit: WriteUnit): WriteUnit {
  const appends = unit.appends.map((append) => ({
    ...append,
    records: append.records.map(({ key, value }) => ({ key: copyBytes(key), value: copyBytes(value) })),
  }));
  const task = unit.task && {
    ...unit.task,
    state: unit.task.state.map(({ key, value }) => ({ key, value: copyBytes(value) })),
    items: unit.task.items.map((item) => ({ ...item, afterImage: copyBytes(item.afterImage) })),
  };
  const models = unit.models?.map(({ key, value }) => ({ key, value: copyBytes(value) }));
  return { ...unit, appends, task, ...(models === undefined ? {} : { models }) };
}

function applyChanges(table: Map<string, Uint8Array>, changes: readonly StateChange[]): void {
  for (const { key, value } of changes) {
    if (value === null) table.delete(key);
    else table.set(key, value);
  }
}

function copyBytes<T extends Uint8Array | null | undefined>(bytes: T): T extends Uint8Array ? Uint8Array : T;
function copyBytes(bytes: Uint8Array | null | undefined): Uint8Array | null | undefined {
  return bytes && new Uint8Array(bytes);
}
