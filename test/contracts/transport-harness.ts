/** What a transport under test offers beside its ports, and what the laws of the contract share. */
import type {
  Checkpoint,
  InputRecord,
  ItemFeed,
  ItemFollower,
  Offset,
  OutputRecord,
  PartitionLease,
  RatingsLog,
  TopicName,
  TopicReader,
  Transport,
  TransportListener,
} from '../../src/ports/transport.ts';

/** One member of the group of workers that share the log. */
export interface WorkerUnderTest extends Transport {
  readonly items: ItemFeed;
  /** Moves exactly these partitions to this worker. */
  assign(partitions: readonly number[]): Promise<void>;
  /** The worker dies: its listener hears nothing more. */
  crash(): void;
}

export interface WorkerOptions {
  readonly partitions: readonly number[];
  readonly batchRecordCount?: number;
  readonly onFatal?: (error: unknown, partition: number) => void;
}

/** A log with everything around it, as one process sees it. */
export interface TransportUnderTest extends RatingsLog, TopicReader {
  worker(options: WorkerOptions): WorkerUnderTest;
  /** The next commit fails: before anything of it happened, or after all of it did, so that its outcome is unknown. */
  failNextCommit(when: 'before' | 'after'): void;
  /** Everything dies at once; resolves with what the next process finds. */
  crash(): Promise<TransportUnderTest>;
}

export interface TransportHarness {
  open(options: { readonly partitionCount: number; readonly maxBacklog?: number }): Promise<TransportUnderTest>;
  dispose(): Promise<void>;
}

export type Open = TransportHarness['open'];

/** What some transport cannot do by its nature. Laws about nothing else do not exist for it, others leave these checks out. */
export type Inability =
  /** It holds no store of its own to look a single key up in. */
  | 'read single keys'
  /** It knows how much waits only from time to time. */
  | 'count the backlog exactly'
  /** Nobody tells it of records that others append. */
  | 'tell of appends'
  /** Members agree on who has what: a partition is handed over, and taken again when it was lost by mistake. */
  | 'steal partitions'
  /** Its log holds no deltas that were followed by a deletion. */
  | 'follow deletions';

export interface ContractOptions {
  readonly cannot?: readonly Inability[];
  /** Random operations are slow on some; all of them when not given. */
  readonly modelRuns?: number;
  readonly modelOperations?: number;
}

export type Can = (what: Inability) => boolean;

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array | null | undefined): string | null =>
  bytes == null ? null : new TextDecoder().decode(bytes);

export const recordsOf = (...values: readonly string[]): OutputRecord[] =>
  values.map((value) => ({ key: bytesOf(`key of ${value}`), value: bytesOf(value) }));

export const valuesOf = (records: readonly InputRecord[]): (string | null)[] =>
  records.map(({ value }) => textOf(value));

export const readAll = (transport: TopicReader, topic: TopicName, partition = 0): (string | null)[] =>
  valuesOf(transport.read(topic, partition, 0, Number.MAX_SAFE_INTEGER));

export function checkpoint(parts: Partial<Checkpoint>): Checkpoint {
  return {
    nextOffset: 0,
    nextRequest: null,
    state: [],
    items: [],
    predictions: [],
    deadLetters: [],
    receipts: [],
    recommendations: [],
    answers: [],
    ...parts,
  };
}

/** A listener that takes what it is given and remembers it. */
export interface Recorder extends TransportListener {
  readonly leases: Map<number, PartitionLease>;
  /** What the listener heard, such as `assigned 0`. */
  readonly calls: string[];
  /** Values delivered, by partition. */
  readonly seen: Map<number, (string | null)[]>;
  readonly batchSizes: number[];
  readonly lease: (partition: number) => PartitionLease;
}

export function recorder(overrides: Partial<TransportListener> = {}): Recorder {
  const leases = new Map<number, PartitionLease>();
  const calls: string[] = [];
  const seen = new Map<number, (string | null)[]>();
  const batchSizes: number[] = [];
  return {
    leases,
    calls,
    seen,
    batchSizes,
    lease(partition) {
      const lease = leases.get(partition);
      if (lease === undefined) throw new Error(`no lease of partition ${partition}`);
      return lease;
    },
    async assigned(lease) {
      leases.set(lease.partition, lease);
      calls.push(`assigned ${lease.partition}`);
      await overrides.assigned?.(lease);
    },
    async records(partition, records): Promise<Offset> {
      batchSizes.push(records.length);
      seen.set(partition, [...(seen.get(partition) ?? []), ...valuesOf(records)]);
      return overrides.records?.(partition, records) ?? records.at(-1)!.offset + 1;
    },
    async requests(partition, records): Promise<Offset> {
      return overrides.requests?.(partition, records) ?? records.at(-1)!.offset + 1;
    },
    async revoked(partition) {
      calls.push(`revoked ${partition}`);
      await overrides.revoked?.(partition);
    },
    async lost(partition) {
      calls.push(`lost ${partition}`);
      await overrides.lost?.(partition);
    },
  };
}

/** Starts a worker that only takes leases and records; `lease(p)` commits what the test wants. */
export async function startWorker(
  transport: TransportUnderTest,
  partitions: readonly number[] = [0],
  overrides: Partial<TransportListener> = {},
): Promise<Recorder & { worker: WorkerUnderTest }> {
  const worker = transport.worker({ partitions });
  const listener = recorder(overrides);
  await worker.start(listener);
  return { ...listener, worker };
}

/** What a lease says is committed. */
export async function restored(
  lease: PartitionLease,
): Promise<{ state: Record<string, string>; items: Record<string, string> }> {
  const state: Record<string, string> = {};
  const items: Record<string, string> = {};
  await lease.restore({
    state: (key, value) => (state[key] = textOf(value) ?? ''),
    item: (itemId, afterImage) => (items[itemId] = textOf(afterImage) ?? ''),
  });
  return { state, items };
}

/** Sums what it hears: contributions and deltas are decimal numbers. */
export function summingFollower(): ItemFollower & { readonly sums: Map<string, number>; readonly heard: string[] } {
  const sums = new Map<string, number>();
  const heard: string[] = [];
  const add = (kind: string, partition: number, itemId: string, bytes: Uint8Array): void => {
    heard.push(`${kind} ${partition} ${itemId} ${textOf(bytes)}`);
    const key = `${partition} ${itemId}`;
    sums.set(key, (sums.get(key) ?? 0) + Number(textOf(bytes)));
  };
  return {
    sums,
    heard,
    contribution: (partition, itemId, bytes) => add('contribution', partition, itemId, bytes),
    delta: (partition, itemId, bytes) => add('delta', partition, itemId, bytes),
  };
}
