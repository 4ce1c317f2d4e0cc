/** Hands the records of one partition to the listener, in order, one batch at a time, from the committed offset on. */
import { setImmediate as breathe } from 'node:timers/promises';
import { FencedError, InvariantViolation } from '../../errors.ts';
import type { Offset, TransportListener } from '../../ports/transport.ts';
import type { EngineReads } from './engine.ts';
import type { HeldLease } from './leases.ts';

export type DeliveryEnd =
  { readonly kind: 'stopped' } | { readonly kind: 'lost' } | { readonly kind: 'failed'; readonly error: unknown };

export interface Delivery {
  readonly lease: HeldLease;
  /** Resolves when nothing is delivered any more and the listener is not at work on a batch. */
  readonly ended: Promise<DeliveryEnd>;
  /** Something may have changed: records, or who holds the lease. */
  wake(): void;
  stop(): void;
}

export function startDelivery(
  engine: EngineReads,
  lease: HeldLease,
  listener: TransportListener,
  batchRecordCount: number,
): Delivery {
  const { partition } = lease;
  let stopping = false;
  let woken = false;
  let wakeSleeper: (() => void) | null = null;

  function wake(): void {
    woken = true;
    wakeSleeper?.();
  }

  async function sleep(): Promise<void> {
    if (!woken) {
      await new Promise<void>((resolve) => {
        wakeSleeper = resolve;
      });
    }
    woken = false;
    wakeSleeper = null;
  }

  async function run(): Promise<DeliveryEnd> {
    try {
      let next = await lease.committedOffset();
      while (!stopping) {
        if (!lease.isHeld()) return { kind: 'lost' };
        next = Math.min(next, lease.takeRewind() ?? next);
        const records =
          next < engine.end('ratings', partition) ? engine.read('ratings', partition, next, batchRecordCount) : [];
        if (records.length === 0) await sleep();
        else {
          next = checked(await listener.records(partition, records));
          await breathe();
        }
      }
      return lease.isHeld() ? { kind: 'stopped' } : { kind: 'lost' };
    } catch (error) {
      return error instanceof FencedError ? { kind: 'lost' } : { kind: 'failed', error };
    }
  }

  function checked(next: Offset): Offset {
    if (Number.isSafeInteger(next) && next >= 0) return next;
    throw new InvariantViolation(`The listener asked for offset ${next} of partition ${partition}. Please report it.`);
  }

  return {
    lease,
    ended: run(),
    wake,
    stop() {
      stopping = true;
      wake();
    },
  };
}
