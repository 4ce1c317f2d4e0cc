/**
 * Brings what this worker works on in line with what the group has assigned to it, one step at a time for each
 * partition. Partitions that stay are not touched: their tasks go on through a rebalance, and should another member
 * have had one meanwhile, its fence is met at the next commit.
 *
 *   wanted ─▶ fenced, offset read ─▶ assigned (restored) ─▶ delivering ─┬─ no longer wanted ─▶ revoked
 *                     ▲                                                 └─ fenced ─▶ lost ─┐
 *                     └─────────────── still wanted: again after a moment ◀────────────────┘
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FencedError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import type { TransportListener } from '../../ports/transport.ts';
import type { Delivery, DeliveryEnd } from './delivery.ts';
import { messageOf } from './kafka-error.ts';
import type { KafkaLease } from './lease.ts';

export interface Assignments {
  /** These partitions and no others, from now on. Resolves when it is so; rejects with what the listener threw. */
  want(partitions: readonly number[]): Promise<void>;
  wants(partition: number): boolean;
  /** Partitions that are being processed. */
  held(): readonly number[];
}

export interface AssignmentsOptions {
  readonly listener: TransportListener;
  readonly openLease: (partition: number) => Promise<KafkaLease>;
  readonly deliver: (lease: KafkaLease) => Delivery;
  /** Pause before a partition that another owner fenced off is taken again, if the group still says it is ours. */
  readonly retakeMs: number;
  readonly log: Log;
  readonly onFatal: (error: unknown, partition: number) => void;
}

interface Holding {
  readonly lease: KafkaLease;
  readonly delivery: Delivery;
}

export function createAssignments({ listener, log, onFatal, ...options }: AssignmentsOptions): Assignments {
  let wanted: ReadonlySet<number> = new Set();
  const holdings = new Map<number, Holding>();
  /** Partitions whose task is in an unknown state: nothing more happens to them. */
  const failed = new Set<number>();
  const turns = new Map<number, Promise<void>>();

  function inTurn(partition: number, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(partition) ?? Promise.resolve()).catch(() => undefined).then(work);
    turns.set(partition, turn);
    return turn;
  }

  async function settle(partition: number): Promise<void> {
    while (!failed.has(partition)) {
      const holding = holdings.get(partition);
      if (wanted.has(partition) && holding === undefined) await takeOver(partition);
      else if (!wanted.has(partition) && holding !== undefined) await giveUp(partition, holding);
      else return;
    }
  }

  async function takeOver(partition: number): Promise<void> {
    let lease: KafkaLease | null = null;
    try {
      lease = await options.openLease(partition);
      await listener.assigned(lease);
    } catch (error) {
      await lease?.close();
      if (!(error instanceof FencedError)) {
        failed.add(partition);
        throw error;
      }
      if (lease !== null) await listener.lost(partition);
      return pauseAfterFence(partition, error);
    }
    const delivery = options.deliver(lease);
    const holding = { lease, delivery };
    holdings.set(partition, holding);
    void delivery.ended.then((end) => {
      if (end.kind === 'stopped') return;
      inTurn(partition, () => ended(partition, holding, end)).catch((error: unknown) => onFatal(error, partition));
    });
  }

  async function giveUp(partition: number, holding: Holding): Promise<void> {
    holding.delivery.stop();
    const end = await holding.delivery.ended;
    if (end.kind !== 'stopped') return ended(partition, holding, end);
    holdings.delete(partition);
    try {
      await listener.revoked(partition);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      await listener.lost(partition);
    } finally {
      await holding.lease.close();
    }
  }

  async function ended(partition: number, holding: Holding, end: DeliveryEnd): Promise<void> {
    if (holdings.get(partition) !== holding) return;
    holdings.delete(partition);
    await holding.lease.close();
    if (end.kind === 'failed') {
      failed.add(partition);
      onFatal(end.error, partition);
      return;
    }
    await listener.lost(partition);
    if (!wanted.has(partition)) return;
    await pauseAfterFence(partition, null);
    await settle(partition);
  }

  /** Two that take a partition from each other would do nothing else: whoever is right still has it after a moment. */
  async function pauseAfterFence(partition: number, error: FencedError | null): Promise<void> {
    log.warn({ partition, reason: error === null ? null : messageOf(error) }, 'partition was taken over by another');
    const until = performance.now() + options.retakeMs;
    while (wanted.has(partition) && performance.now() < until) await delay(20);
  }

  return {
    async want(partitions) {
      wanted = new Set(partitions);
      const concerned = new Set([...partitions, ...holdings.keys(), ...turns.keys()]);
      const outcomes = await Promise.allSettled(
        [...concerned].map((partition) => inTurn(partition, () => settle(partition))),
      );
      const failures = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      // What is wrong with all partitions alike is said once.
      const distinct = new Set(failures.map((failure) => (failure instanceof Error ? failure.message : failure)));
      if (distinct.size > 1) throw new AggregateError(failures, `${failures.length} partitions failed`);
      if (failures.length > 0) throw failures[0];
    },
    wants: (partition) => wanted.has(partition),
    held: () => [...holdings.keys()],
  };
}
