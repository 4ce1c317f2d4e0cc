/**
 * Hands the records of one partition to the listener, in order, one batch at a time, from the committed offset on: its
 * ratings, and the requests for its users, each at their own pace.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { FencedError, InvariantViolation } from '../../errors.ts';
import type { InputRecord, Offset, TransportListener } from '../../ports/transport.ts';
import type { KafkaLease } from './lease.ts';
import type { PartitionSource } from './ratings-source.ts';

export type DeliveryEnd =
  { readonly kind: 'stopped' } | { readonly kind: 'lost' } | { readonly kind: 'failed'; readonly error: unknown };

export interface Delivery {
  /** Resolves when nothing is delivered any more and the listener is not at work on a batch. */
  readonly ended: Promise<DeliveryEnd>;
  stop(): void;
}

export interface DeliverySources {
  readonly ratings: PartitionSource;
  readonly requests: PartitionSource;
}

interface Stream {
  readonly source: PartitionSource;
  readonly batchRecordCount: number;
  readonly start: () => Promise<Offset | null>;
  readonly takeRewind: () => Offset | null;
  readonly deliver: (records: readonly InputRecord[]) => Promise<Offset>;
}

/** Answers wait for the checkpoint of their batch: small ones. */
const requestBatchRecordCount = 100;

/** Closes the sources when it ends; the lease stays the caller's. */
export function startDelivery(
  lease: KafkaLease,
  { ratings, requests }: DeliverySources,
  listener: TransportListener,
  batchRecordCount: number,
): Delivery {
  const { partition } = lease;
  let stopping = false;
  const isWanted = (): boolean => !stopping && lease.isHeld();

  function wake(): void {
    ratings.wake();
    requests.wake();
  }

  function stop(): void {
    stopping = true;
    wake();
  }

  async function run({ source, start, takeRewind, deliver, ...stream }: Stream): Promise<DeliveryEnd> {
    try {
      let next = (await start()) ?? 0;
      while (isWanted()) {
        const records = await source.read(next, stream.batchRecordCount);
        const rewindTo = takeRewind();
        next = Math.min(next, rewindTo ?? next);
        if (!isWanted() || records.length === 0 || rewindTo !== null) continue;
        next = checked(await deliver(records));
        await breathe();
      }
      return lease.isHeld() ? { kind: 'stopped' } : { kind: 'lost' };
    } catch (error) {
      return error instanceof FencedError ? { kind: 'lost' } : { kind: 'failed', error };
    } finally {
      source.close();
      stop(); // neither goes on without the other
    }
  }

  function checked(next: Offset): Offset {
    if (Number.isSafeInteger(next) && next >= 0) return next;
    throw new InvariantViolation(`The listener asked for offset ${next} of partition ${partition}. Please report it.`);
  }

  lease.onChange(wake);
  const streams: readonly Stream[] = [
    {
      source: ratings,
      batchRecordCount,
      start: () => lease.committedOffset(),
      takeRewind: () => lease.takeRewind(),
      deliver: (records) => listener.records(partition, records),
    },
    {
      source: requests,
      batchRecordCount: requestBatchRecordCount,
      start: () => lease.committedRequest(),
      takeRewind: () => lease.takeRequestRewind(),
      deliver: (records) => listener.requests(partition, records),
    },
  ];
  return { ended: Promise.all(streams.map(run)).then(worst), stop };
}

function worst(ends: readonly DeliveryEnd[]): DeliveryEnd {
  return ends.find(({ kind }) => kind === 'failed') ?? ends.find(({ kind }) => kind === 'lost') ?? { kind: 'stopped' };
}
