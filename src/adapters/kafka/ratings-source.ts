/**
 * Reads ahead on the partitions that this worker owns. The group's consumer fetches nothing (membership.ts): here every
 * partition is read at its own pace, none waits for the batch of another, and none stops for a rebalance.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from 'kafkajs';
import type { InputRecord, Offset } from '../../ports/transport.ts';
import { fetchedRecords, type FetchResponse } from './fetched-records.ts';

export interface PartitionSource {
  /** Records from exactly `from` on, at most `limit`; none when it was woken or closed while it waited. */
  read(from: Offset, limit: number): Promise<readonly InputRecord[]>;
  wake(): void;
  close(): void;
}

export interface RatingsSource {
  open(partition: number): PartitionSource;
  close(): void;
}

export interface RatingsSourceOptions {
  /** Connected; its own connections, for a fetch keeps one busy while it waits. */
  readonly cluster: Cluster;
  readonly topic: string;
  /** Records that are kept ready for each partition, and bytes of one fetch of it. */
  readonly aheadRecordCount: number;
  readonly maxPartitionBytes: number;
  /** Tells where to go on, or throws to end the delivery, when the offset is not in the log. */
  readonly outOfRange: (partition: number, offset: Offset) => Promise<Offset>;
  readonly failed: (error: unknown) => void;
}

interface Reading {
  readonly partition: number;
  ahead: InputRecord[];
  /** The offset that `ahead` starts at, and the one to fetch next; null until the first read. */
  from: Offset | null;
  position: Offset;
  /** Raised when the position jumps: what was on its way is not wanted any more. */
  jumps: number;
  /** The last fetch brought nothing although there is something: fetched alone it must. */
  alone: boolean;
  failure: { readonly error: unknown } | null;
  arrived: () => void;
}

/** How long the broker waits for records: long when nobody else can become hungry meanwhile. */
const idleWaitMs = 100;
const busyWaitMs = 10;
const maxResponseBytes = 32 * 1024 * 1024;
const retryMs = 200;

export function createRatingsSource(options: RatingsSourceOptions): RatingsSource {
  const { cluster, topic, aheadRecordCount } = options;
  const readings = new Map<number, Reading>();
  const pumps = new Set<string>();
  let closed = false;
  let signal = deferred();

  function changed(): void {
    signal.resolve();
    signal = deferred();
  }

  function leaderOf(partition: number): string | undefined {
    try {
      return Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
    } catch {
      return undefined; // while nobody leads it, or metadata are fetched anew
    }
  }
  const isHungry = ({ from, failure, ahead }: Reading): boolean =>
    from !== null && failure === null && ahead.length < aheadRecordCount;

  /** One loop for each broker that leads something: a slow one holds only its own partitions up. */
  function startPumps(): void {
    for (const { partition } of readings.values()) {
      const nodeId = leaderOf(partition);
      if (nodeId === undefined) lookAgain();
      if (nodeId === undefined || pumps.has(nodeId)) continue;
      pumps.add(nodeId);
      void pump(nodeId);
    }
  }

  let looking = false;
  /** Nobody leads a partition: no loop would notice when somebody does. */
  function lookAgain(): void {
    if (looking || closed) return;
    looking = true;
    void delay(retryMs)
      .then(() => cluster.refreshMetadata())
      .catch(options.failed)
      .then(() => {
        looking = false;
        if (!closed) startPumps();
      });
  }

  async function pump(nodeId: string): Promise<void> {
    while (!closed) {
      startPumps(); // whoever fetches metadata may learn of another leader
      const led = [...readings.values()].filter(({ partition }) => leaderOf(partition) === nodeId);
      if (led.length === 0) break;
      const hungry = led.filter(isHungry);
      const alone = hungry.find((reading) => reading.alone);
      if (hungry.length === 0) await signal.promise;
      else await fetchAll(nodeId, alone === undefined ? hungry : [alone], hungry.length < led.length);
    }
    pumps.delete(nodeId);
  }

  async function fetchAll(nodeId: string, wanted: readonly Reading[], busy: boolean): Promise<void> {
    const asked = wanted.map((reading) => ({ reading, jumps: reading.jumps, position: reading.position }));
    try {
      const broker = await cluster.findBroker({ nodeId });
      const alone = wanted[0]?.alone === true;
      const response = (await broker.fetch({
        isolationLevel: 1,
        maxWaitTime: busy ? busyWaitMs : idleWaitMs,
        minBytes: 1,
        maxBytes: maxResponseBytes,
        topics: [
          {
            topic,
            partitions: asked.map(({ reading, position }) => ({
              partition: reading.partition,
              fetchOffset: String(position),
              maxBytes: alone ? maxResponseBytes : options.maxPartitionBytes,
            })),
          },
        ],
      })) as FetchResponse;
      const fetched = response.responses.flatMap(({ partitions }) => partitions);
      for (const { reading, jumps, position } of asked) {
        const part = fetched.find(({ partition }) => partition === reading.partition);
        if (part === undefined || reading.jumps !== jumps) continue;
        const { records, next } = fetchedRecords(part, position);
        const stuck = next === position && Number(part.lastStableOffset) > position;
        // Fetched alone, a whole batch fits: one without a single record is what compaction left.
        reading.position = stuck && reading.alone ? position + 1 : next;
        reading.alone = stuck && !reading.alone;
        if (records.length > 0) reading.ahead = reading.ahead.concat(records);
        if (records.length > 0) reading.arrived();
      }
    } catch (error) {
      await afterFailure(error, asked);
    }
  }

  async function afterFailure(error: unknown, asked: readonly { reading: Reading; position: Offset }[]): Promise<void> {
    const { name, partition, host, port } = error as Error & { partition?: number; host?: string; port?: number };
    const lost = asked.find(({ reading }) => reading.partition === partition);
    if (name === 'KafkaJSOffsetOutOfRange' && lost !== undefined) {
      try {
        jump(lost.reading, await options.outOfRange(lost.reading.partition, lost.position));
      } catch (failure) {
        lost.reading.failure = { error: failure };
        lost.reading.arrived();
      }
      return;
    }
    if (closed) return;
    options.failed(error);
    if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) {
      cluster.removeBroker({ host, port });
    }
    await delay(retryMs);
    await cluster.refreshMetadata().catch(() => undefined);
    startPumps();
  }

  function jump(reading: Reading, to: Offset): void {
    reading.ahead = [];
    reading.from = reading.position = to;
    reading.jumps++;
    reading.alone = false;
    changed();
  }

  return {
    open(partition) {
      const reading: Reading = {
        partition,
        ahead: [],
        from: null,
        position: 0,
        jumps: 0,
        alone: false,
        failure: null,
        arrived: () => undefined,
      };
      readings.set(partition, reading);
      let awake = false;
      startPumps();
      changed();
      return {
        async read(from, limit) {
          // What is ahead starts at `from` or, where the log has gaps, behind it.
          if (reading.from !== from) jump(reading, from);
          if (reading.ahead.length === 0 && reading.failure === null && !awake) {
            const arrival = deferred();
            reading.arrived = arrival.resolve;
            await arrival.promise;
          }
          awake = false;
          if (reading.failure !== null) throw reading.failure.error;
          const records = reading.ahead.slice(0, limit);
          reading.ahead = reading.ahead.slice(limit);
          reading.from = (records.at(-1)?.offset ?? from - 1) + 1;
          changed();
          return records;
        },
        wake() {
          awake = true;
          reading.arrived();
        },
        close() {
          if (readings.get(partition) === reading) readings.delete(partition);
          changed();
          this.wake();
        },
      };
    },
    close() {
      closed = true;
      changed();
    },
  };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
