/**
 * The latest committed predictions of this worker, for a transport whose topics cannot be read on the spot. Positions
 * count from 0 when the worker begins; what fell out of the window is gone.
 */
import type {
  InputRecord,
  Offset,
  PartitionLease,
  TopicName,
  TopicReader,
  TransportListener,
} from '../ports/transport.ts';

const windowRecords = 4000;

interface Window {
  first: Offset;
  readonly records: InputRecord[];
}

export class RecentPredictions implements TopicReader {
  readonly #windows = new Map<number, Window>();
  readonly #listeners = new Set<(partition: number) => void>();

  read(topic: TopicName, partition: number, from: Offset, limit: number): readonly InputRecord[] {
    const window = this.#windows.get(partition);
    if (topic !== 'predictions' || window === undefined) return [];
    const start = Math.max(0, from - window.first);
    return window.records.slice(start, start + limit);
  }

  end(topic: TopicName, partition: number): Offset {
    const window = this.#windows.get(partition);
    return topic === 'predictions' && window !== undefined ? window.first + window.records.length : 0;
  }

  onAppend(topic: TopicName, listener: (partition: number) => void): () => void {
    if (topic !== 'predictions') return () => undefined;
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that does what the given one does, and whose commits are remembered here. */
  tap(listener: TransportListener): TransportListener {
    return {
      assigned: (lease) => listener.assigned(this.#tapLease(lease)),
      records: (partition, records) => listener.records(partition, records),
      requests: (partition, records) => listener.requests(partition, records),
      revoked: (partition) => listener.revoked(partition),
      lost: (partition) => listener.lost(partition),
    };
  }

  #tapLease(lease: PartitionLease): PartitionLease {
    return {
      partition: lease.partition,
      committedOffset: () => lease.committedOffset(),
      committedRequest: () => lease.committedRequest(),
      restore: (visitor) => lease.restore(visitor),
      readState: (key) => lease.readState(key),
      readItem: (itemId) => lease.readItem(itemId),
      recover: () => lease.recover(),
      commit: async (checkpoint) => {
        await lease.commit(checkpoint);
        if (checkpoint.predictions.length > 0) this.#remember(lease.partition, checkpoint.predictions);
      },
    };
  }

  #remember(partition: number, predictions: readonly Pick<InputRecord, 'key' | 'value'>[]): void {
    const window = this.#windows.get(partition) ?? { first: 0, records: [] };
    this.#windows.set(partition, window);
    for (const { key, value } of predictions) {
      window.records.push({ offset: window.first + window.records.length, key, value });
    }
    const surplus = Math.max(0, window.records.length - windowRecords);
    window.records.splice(0, surplus);
    window.first += surplus;
    for (const listener of this.#listeners) listener(partition);
  }
}
