/**
 * Requests for predictions beside a log that has none: they are delivered by the schedule, and their offset and the
 * answers are committed within the state of the task, which appears whole or not at all.
 */
import { expect } from 'vitest';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { FencedError } from '../../src/errors.ts';
import type { InputRecord, PartitionLease, StateChange } from '../../src/ports/transport.ts';
import type { Worker } from '../../src/stream/worker.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { bytesOf, textOf } from './transport-harness.ts';

const nextKey = 'test/next-request';
const answerPrefix = 'test/answer/';
export const isRequestKey = (key: string): boolean => key === nextKey || key.startsWith(answerPrefix);

export interface FlowRequests {
  /** Somebody asks: for one item when it is named, for the best otherwise. */
  ask(partition: number, userId: string, itemId: string | undefined): void;
  wrapLease(lease: PartitionLease): PartitionLease;
  /** Hands what is not answered, and what was just before it, to the worker that holds the partition. */
  deliver(worker: Worker, partition: number): Promise<void>;
  isAnswered(worker: Worker, partition: number): boolean;
  /** Throws unless each request has one answer. */
  oneAnswerEach(store: EmbeddedStore): Promise<void>;
}

export function createFlowRequests(partitionCount: number): FlowRequests {
  const asked: InputRecord[][] = Array.from({ length: partitionCount }, () => []);
  /** A transport delivers the next records only after the answer for these: calls for one partition never overlap. */
  const deliveries = new WeakMap<Worker, Map<number, Promise<void>>>();
  let written = 0;

  async function deliverNow(worker: Worker, partition: number): Promise<void> {
    const next = worker.tasks.get(partition)?.nextRequest;
    if (next === undefined || next === null) return;
    const records = asked[partition]!.slice(Math.max(0, next - 2), next + 3);
    try {
      if (records.length > 0) await worker.requests(partition, records);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
    }
  }

  return {
    ask(partition, userId, itemId) {
      const log = asked[partition]!;
      const wanted = itemId === undefined ? { count: 2 } : { itemIds: [itemId] };
      const value = bytesOf(JSON.stringify({ requestId: `r${log.length}`, userId, ...wanted }));
      log.push({ offset: log.length, key: bytesOf(userId), value });
    },

    wrapLease: (lease) => ({
      ...lease,
      committedRequest: () => Promise.resolve(Number(textOf(lease.readState(nextKey)) ?? 0)),
      restore: (visitor) =>
        lease.restore({
          state: (key, value) => (isRequestKey(key) ? undefined : visitor.state(key, value)),
          item: (itemId, afterImage) => visitor.item(itemId, afterImage),
        }),
      commit(checkpoint) {
        const answers: StateChange[] = checkpoint.answers.map(({ value }) => ({
          // A key of its own for each that is written, so that a second one would be seen.
          key: `${answerPrefix}${written++}`,
          value,
        }));
        if (checkpoint.nextRequest !== null) {
          answers.push({ key: nextKey, value: bytesOf(String(checkpoint.nextRequest)) });
        }
        return lease.commit({ ...checkpoint, state: [...checkpoint.state, ...answers] });
      },
    }),

    deliver(worker, partition) {
      const ofWorker = deliveries.get(worker) ?? new Map<number, Promise<void>>();
      deliveries.set(worker, ofWorker);
      const before = ofWorker.get(partition) ?? Promise.resolve();
      const delivery = before.catch(() => undefined).then(() => deliverNow(worker, partition));
      ofWorker.set(partition, delivery);
      return delivery;
    },

    isAnswered: (worker, partition) => worker.tasks.get(partition)?.committedRequest === asked[partition]!.length,

    async oneAnswerEach(store) {
      for (const [partition, log] of asked.entries()) {
        const answered: number[] = [];
        await store.visit(partition, {
          state(key, value) {
            if (key.startsWith(answerPrefix)) answered.push(flowCodec.decodeAnswer(value).sourceOffset);
          },
        });
        expect(answered.sort((a, b) => a - b)).toEqual(log.map(({ offset }) => offset));
      }
    },
  };
}
