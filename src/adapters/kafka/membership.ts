/**
 * This worker as a member of the consumer group: joins, heartbeats, assignments, and nothing else. Everything stays
 * paused, so the consumer never fetches: a heartbeat waits for no batch, a rebalance for no handler, and kafkajs never
 * moves an offset by itself. The ratings are read in ratings-source.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import type { Offset } from '../../ports/transport.ts';
import type { Log } from '../../ports/log.ts';
import type { AssignPartitions } from './assigner.ts';
import { isWorthRetrying } from './broker-error.ts';
import { createAssigner, viewGroup, type GroupView, type MemberCard } from './group-protocol.ts';
import { messageOf } from './kafka-error.ts';

export interface Membership {
  /** Resolves after the first assignment was announced, or a fatal error was. */
  join(): Promise<void>;
  /** Leaves the group, so that others take over at once. */
  leave(): Promise<void>;
  /** Null before the first assignment. */
  memberId(): string | null;
  view(): Promise<GroupView>;
  /** As a member of the group: fails when this worker no longer is one. */
  commitOffset(partition: number, nextOffset: Offset): Promise<void>;
}

export interface MembershipOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly card: () => MemberCard;
  readonly assign: AssignPartitions;
  readonly log: Log;
  /** All partitions that are this worker's from now on. Called while the group's join is handled: take note and return. */
  readonly assigned: (partitions: readonly number[]) => void;
  /** The group cannot be joined again. */
  readonly onFatal: (error: unknown) => void;
}

/** Before a group is joined again that kafkajs has given up. */
const rejoinMs = 500;

export function createMembership(options: MembershipOptions): Membership {
  const { kafka, groupId, topic, log } = options;
  let memberId: string | null = null;
  const consumer: Consumer = kafka.consumer({
    groupId,
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: options.sessionTimeoutMs * 2,
    heartbeatInterval: options.heartbeatMs,
    // All that a loop without fetches waits between looks at whether a heartbeat is due.
    maxWaitTimeInMs: Math.max(10, Math.min(100, options.heartbeatMs / 4)),
    allowAutoTopicCreation: false,
    partitionAssigners: [createAssigner(topic, options.card, options.assign)],
    retry: { initialRetryTime: 100, maxRetryTime: 1000, factor: 0.2, multiplier: 2, retries: 8 },
  });
  let leaving = false;
  let lastHeartbeatMs = Infinity;

  consumer.on('consumer.group_join', ({ payload }) => {
    // Before the first fetch, and again after every restart of the consumer.
    consumer.pause([{ topic }]);
    memberId = payload.memberId;
    lastHeartbeatMs = performance.now();
    const partitions = payload.memberAssignment[topic] ?? [];
    log.info({ groupId, memberId, partitions, durationMs: payload.duration }, 'joined the group');
    if (!leaving) options.assigned(partitions);
  });
  consumer.on('consumer.heartbeat', () => {
    const nowMs = performance.now();
    const lateMs = Math.round(nowMs - lastHeartbeatMs - options.heartbeatMs);
    lastHeartbeatMs = nowMs;
    if (lateMs < options.sessionTimeoutMs / 3) return;
    log.warn(
      { groupId, lateMs, sessionTimeoutMs: options.sessionTimeoutMs },
      'a heartbeat was late: the session is at risk',
    );
  });
  consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
    if (leaving) return;
    log.warn({ groupId, restart, reason: messageOf(error) }, 'group membership was interrupted');
    if (restart) return;
    // kafkajs gives up at some errors that a restarted broker answers with, such as a coordinator that is not there yet.
    if (isWorthRetrying(error)) void rejoin();
    else options.onFatal(error);
  });

  async function work(): Promise<void> {
    await consumer.connect();
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() });
  }

  async function rejoin(): Promise<void> {
    for (;;) {
      await delay(rejoinMs);
      if (leaving) return;
      try {
        await work();
        return;
      } catch (error) {
        log.warn({ groupId, reason: messageOf(error) }, 'the group cannot be joined again');
        if (isWorthRetrying(error)) continue;
        options.onFatal(error);
        return;
      }
    }
  }

  return {
    async join() {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic] });
      await work();
    },
    async leave() {
      leaving = true;
      await consumer.disconnect();
    },
    memberId: () => memberId,
    async view() {
      return viewGroup(topic, await consumer.describeGroup());
    },
    commitOffset: (partition, nextOffset) => consumer.commitOffsets([{ topic, partition, offset: String(nextOffset) }]),
  };
}
