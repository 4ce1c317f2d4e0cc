/**
 * One worker's side of the log: the partitions it is given, delivery, and its own position in the item changes.
 * The product has one member with every partition; several members share a store as workers share a broker.
 */
import { FencedError, InvariantViolation } from '../../errors.ts';
import type { ItemFeed, Transport, TransportListener } from '../../ports/transport.ts';
import { startDelivery, type Delivery } from './delivery.ts';
import type { EngineReads } from './engine.ts';
import type { ItemFeeds } from './item-feeds.ts';
import type { Leases } from './leases.ts';

export interface MemberOptions {
  /** All of them when not given. */
  readonly partitions?: readonly number[];
  /** Most records of one delivery; 500 when not given. */
  readonly batchRecordCount?: number;
  /**
   * The listener threw something other than FencedError while it was at work on a partition, which gets nothing more and
   * is not revoked: its task is in an unknown state. Stop the worker.
   */
  readonly onFatal?: (error: unknown, partition: number) => void;
}

export interface EmbeddedMember extends Transport {
  readonly items: ItemFeed;
  /** Gives up the other partitions (the listener sees `revoked`) and takes over these, whoever has them. */
  assign(partitions: readonly number[]): Promise<void>;
  /** As if this worker had died: the listener is not called again, and what its leases commit fails with FencedError. */
  crash(): void;
}

export interface MemberParts {
  readonly engine: EngineReads;
  readonly leases: Leases;
  readonly feeds: ItemFeeds;
  readonly onRatings: (listener: (partition: number) => void) => () => void;
}

export function createMember(parts: MemberParts, options: MemberOptions): EmbeddedMember {
  const { engine, leases, feeds } = parts;
  const identity = {};
  const items = feeds.open(identity);
  const deliveries = new Map<number, Delivery>();
  let wanted = [...(options.partitions ?? Array.from({ length: engine.partitionCount }, (_, partition) => partition))];
  let listener: TransportListener | null = null;
  let crashed = false;
  let stopped: Promise<void> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const wake = (partition: number): void => deliveries.get(partition)?.wake();
  const unsubscribe = [parts.onRatings(wake), leases.onChanged(wake)];

  /** One change of assignment at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.catch(() => undefined).then(work);
    last = turn;
    return turn;
  }

  async function settle(target: TransportListener): Promise<void> {
    const surplus = [...deliveries.keys()].filter((partition) => !wanted.includes(partition));
    await allSettled(surplus.map((partition) => giveUp(partition, target)));
    await allSettled(wanted.filter((partition) => !deliveries.has(partition)).map((p) => takeOver(p, target)));
  }

  async function takeOver(partition: number, target: TransportListener): Promise<void> {
    const lease = await leases.open(partition, identity);
    try {
      await target.assigned(lease);
    } catch (error) {
      lease.giveBack();
      if (!(error instanceof FencedError)) throw error;
      return target.lost(partition);
    }
    if (crashed) {
      lease.giveBack();
      return;
    }
    const delivery = startDelivery(engine, lease, target, options.batchRecordCount ?? 500);
    deliveries.set(partition, delivery);
    void delivery.ended.then(async (end) => {
      if (crashed || end.kind === 'stopped') return;
      lease.giveBack();
      if (deliveries.get(partition) === delivery) deliveries.delete(partition);
      if (end.kind === 'failed') options.onFatal?.(end.error, partition);
      else await target.lost(partition).catch((error: unknown) => options.onFatal?.(error, partition));
    });
  }

  async function giveUp(partition: number, target: TransportListener): Promise<void> {
    const delivery = deliveries.get(partition);
    if (delivery === undefined) return;
    delivery.stop();
    const end = await delivery.ended;
    deliveries.delete(partition);
    try {
      if (end.kind === 'stopped') await target.revoked(partition);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      await target.lost(partition);
    } finally {
      delivery.lease.giveBack();
    }
  }

  function leave(): void {
    for (const stopListening of unsubscribe) stopListening();
    feeds.close(identity);
  }

  return {
    partitionCount: engine.partitionCount,
    items,
    start(target) {
      if (listener !== null) throw new InvariantViolation('The transport was started twice. Please report it.');
      listener = target;
      return inTurn(() => settle(target));
    },
    assign(partitions) {
      wanted = [...partitions];
      const target = listener;
      return target === null || stopped !== null ? Promise.resolve() : inTurn(() => settle(target));
    },
    stop() {
      stopped ??= inTurn(async () => {
        wanted = [];
        if (listener !== null && !crashed) await settle(listener).finally(leave);
        else leave();
      });
      return stopped;
    },
    crash() {
      crashed = true;
      leave();
      for (const delivery of deliveries.values()) {
        delivery.lease.giveBack();
        delivery.stop();
      }
      deliveries.clear();
    },
  };
}

/** Waits for all of them, then reports every failure. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  const failures: unknown[] = [];
  for (const outcome of await Promise.allSettled(work))
    if (outcome.status === 'rejected') failures.push(outcome.reason);
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} partitions failed`);
  if (failures.length === 1) throw failures[0];
}
