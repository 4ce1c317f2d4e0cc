/** Hands the records of one partition to the listener, in order, one batch at a time, from the committed offset on. */
import { setImmediate as breathe } from 'node:timers/promises';
import { FencedError, InvariantViolation } from '../../errors.ts';
import type { Offset, TransportListener } from '../../ports/transport.ts';
import type { KafkaLease } from './lease.ts';
import type { PartitionSource } from './ratings-source.ts';

export type DeliveryEnd =
  { readonly kind: 'stopped' } | { readonly kind: 'lost' } | { readonly kind: 'failed'; readonly error: unknown };

export interface Delivery {
  /** Resolves when nothing is delivered any more and the listener is not at work on a batch. */
  readonly ended: Promise<DeliveryEnd>;
  stop(): void;
}

/** Closes the source when it ends; the lease stays the caller's. */
export function startDelivery(
  lease: KafkaLease,
  source: PartitionSource,
  listener: TransportListener,
  batchRecordCount: number,
): Delivery {
  const { partition } = lease;
  let stopping = false;
  const isWanted = (): boolean => !stopping && lease.isHeld();
  lease.onChange(() => source.wake());

  async function run(): Promise<DeliveryEnd> {
    try {
      let next = await lease.committedOffset();
      while (isWanted()) {
        const records = await source.read(next, batchRecordCount);
        const rewindTo = lease.takeRewind();
        next = Math.min(next, rewindTo ?? next);
        if (!isWanted() || records.length === 0 || rewindTo !== null) continue;
        next = checked(await listener.records(partition, records));
        await breathe();
      }
      return lease.isHeld() ? { kind: 'stopped' } : { kind: 'lost' };
    } catch (error) {
      return error instanceof FencedError ? { kind: 'lost' } : { kind: 'failed', error };
    } finally {
      source.close();
    }
  }

  function checked(next: Offset): Offset {
    if (Number.isSafeInteger(next) && next >= 0) return next;
    throw new InvariantViolation(`The listener asked for offset ${next} of partition ${partition}. Please report it.`);
  }

  return {
    ended: run(),
    stop() {
      stopping = true;
      source.wake();
    },
  };
}
