/** Runs a schedule over real workers that share a log. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { FencedError } from '../../src/errors.ts';
import type { PartitionLease } from '../../src/ports/transport.ts';
import { partitionOfRecord } from '../support/flow-inputs.ts';
import { memoryOf } from '../support/flow-state.ts';
import { createFlowWorker, unlimited, type FlowWorker } from '../support/flow-worker.ts';
import { until } from '../support/test-clock.ts';
import type { FlowDisk } from './flow-disk.ts';
import { createFlowRequests, type FlowRequests } from './flow-requests.ts';
import { recordOf, scheduleItems, scheduleUsers, type Schedule, type Step } from './flow-schedule.ts';

/** Something put between the workers and what they use, to see whether the laws notice. */
export interface Mutation {
  readonly wrapLease?: (lease: PartitionLease) => PartitionLease;
}

/** Checkpoints that may fail in a row before something is wrong: a schedule makes one fail at a time. */
const maxRounds = 20;

export interface Simulation {
  readonly store: () => EmbeddedStore;
  readonly workers: () => readonly FlowWorker[];
  run(step: Step): Promise<void>;
  /** Everything sent is processed and committed, and every worker has followed the others. */
  catchUp(): Promise<void>;
  /** All requests are answered, and all recommendations published. */
  settle(): Promise<void>;
  readonly requests: FlowRequests;
  stop(): Promise<void>;
}

export async function simulate(schedule: Schedule, disk: FlowDisk, mutation: Mutation = {}): Promise<Simulation> {
  const { partitionCount, workerCount } = schedule;
  const partitions = Array.from({ length: partitionCount }, (_, p) => p);
  const owner = partitions.map((p) => p % workerCount);
  const rewinds = new Map<number, number>();
  const requests = createFlowRequests(partitionCount);
  const wrapLease = (lease: PartitionLease): PartitionLease => {
    const wrapped = requests.wrapLease(lease);
    return mutation.wrapLease?.(wrapped) ?? wrapped;
  };
  let { store } = disk;
  let workers: FlowWorker[] = [];

  const ownedBy = (w: number): number[] => partitions.filter((p) => owner[p] === w);

  async function startOne(w: number): Promise<FlowWorker> {
    const started = createFlowWorker(store, {
      wrapLease,
      recommendations: 2,
      partitions: ownedBy(w),
      checkpointEvents: schedule.checkpointEvents,
      batchRecordCount: schedule.batchRecordCount,
      maxUsers: schedule.cap ?? unlimited,
      maxItems: schedule.cap ?? unlimited,
      wantedNext(partition, next) {
        const back = rewinds.get(partition) ?? 0;
        rewinds.delete(partition);
        return Math.max(0, next - back);
      },
    });
    await started.start();
    return started;
  }

  async function startAll(): Promise<void> {
    workers = await Promise.all(Array.from({ length: workerCount }, (_, w) => startOne(w)));
  }

  const assertWell = (): void => {
    for (const { failures } of workers) if (failures.length > 0) throw failures[0];
  };
  const isWell = (): boolean => workers.every(({ failures }) => failures.length === 0);
  const at = (p: number): FlowWorker => workers[owner[p]!]!;
  const holdersOf = (p: number): number => workers.filter(({ worker }) => worker.tasks.has(p)).length;

  async function settled(): Promise<void> {
    await until(
      () => !isWell() || partitions.every((p) => holdersOf(p) === 1 && at(p).worker.tasks.has(p)),
      'each partition has its one owner',
    );
    assertWell();
  }

  async function catchUp(): Promise<void> {
    await settled();
    for (let round = 0; store.backlog() > 0; round++) {
      // A broken worker may believe that everything is committed while it is not.
      if (round === maxRounds)
        throw new Error(`${store.backlog()} records are not committed after ${round} checkpoints`);
      const isProcessed = (p: number): boolean => at(p).worker.tasks.get(p)?.nextOffset === store.end('ratings', p);
      await until(() => !isWell() || partitions.every(isProcessed), 'all records are processed');
      assertWell();
      for (const { worker } of workers) await worker.checkpointAll();
    }
    for (const { worker } of workers) await worker.follow();
    assertWell();
  }

  async function settle(): Promise<void> {
    await settled();
    await until(() => {
      assertWell();
      for (const { clock } of workers) {
        // Time passes when it is looked at, and a tenth of it is there for ranking.
        for (let look = 0; look < 500; look++) clock.monotonicMs();
        clock.passPeriod();
      }
      for (const p of partitions) if (!requests.isAnswered(at(p).worker, p)) void requests.deliver(at(p).worker, p);
      return partitions.every((p) => {
        const task = at(p).worker.tasks.get(p);
        return (
          task !== undefined &&
          task.recommendations.count === 0 &&
          !task.isDirty &&
          requests.isAnswered(at(p).worker, p)
        );
      });
    }, 'requests are answered and recommendations published');
  }

  async function move(p: number, to: number, how: 'hand over' | 'steal'): Promise<void> {
    const from = owner[p]!;
    if (from === to) return;
    owner[p] = to;
    const taker = workers[to]!;
    await until(() => !taker.worker.tasks.has(p), 'the taker has let go of it since it had it last');
    if (how === 'hand over') await workers[from]!.member.assign(ownedBy(from));
    await taker.member.assign(ownedBy(to));
  }

  function ask(user: number, item: number): void {
    const userId = scheduleUsers[user] ?? 'a stranger';
    const p = workers[0]!.serving.partitionOf(userId);
    requests.ask(p, userId, scheduleItems[item]);
    requests.deliver(at(p).worker, p).catch((error: unknown) => at(p).failures.push(error));
    const { worker, serving } = at(p);
    if (!worker.tasks.has(p)) return;
    const before = memoryOf(worker);
    const rowsBefore = Object.keys(before).length;
    serving.predict(userId, scheduleItems[item] ?? 'a new thing');
    serving.recommend(userId, 3);
    const after = memoryOf(worker);
    // Rows that had been evicted may come back for a reader; nothing else.
    if (schedule.cap === null) expect(Object.keys(after)).toHaveLength(rowsBefore);
    expect(after).toMatchObject(before);
  }

  async function run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        for (const record of step.events.map(recordOf)) {
          await store.append(partitionOfRecord(record, partitionCount), [record]);
        }
        return;
      case 'turns':
        for (let turn = 0; turn < step.count; turn++) await nextTurn();
        return;
      case 'tick':
        for (const { clock } of workers) clock.passPeriod();
        return;
      case 'checkpoint':
        try {
          await workers[step.worker % workerCount]!.worker.checkpointAll();
        } catch (error) {
          if (!(error instanceof FencedError)) throw error;
        }
        return;
      case 'follow':
        return workers[step.worker % workerCount]!.worker.follow();
      case 'move':
        return move(step.partition % partitionCount, step.to % workerCount, step.how);
      case 'crash worker': {
        const w = step.worker % workerCount;
        await workers[w]!.crash();
        workers[w] = await startOne(w);
        return;
      }
      case 'crash all':
        store = await disk.crash(workers);
        return startAll();
      case 'fail commit': {
        disk.failNextCommit(step.when);
        return;
      }
      case 'rewind':
        rewinds.set(step.partition % partitionCount, step.records);
        return;
      case 'ask': {
        ask(step.user, step.item);
        return;
      }
      case 'catch up':
        return catchUp();
    }
  }

  await startAll();
  return {
    store: () => store,
    workers: () => workers,
    run,
    catchUp,
    settle,
    requests,
    async stop() {
      await Promise.all(workers.map((each) => each.stop()));
    },
  };
}
