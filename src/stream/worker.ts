/**
 * The worker: a task for each partition it owns, over one table of items. It does what the transport tells it
 * (assigned, records, revoked, lost), one step at a time for each task, and writes a checkpoint every so many events or
 * milliseconds.
 *
 *   assigned ─▶ restored ─▶ working ─┬─ revoked (last checkpoint) ─▶ gone
 *                                    └─ lost (nothing more is written) ─▶ gone
 */
import { FencedError } from '../errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ItemScan } from '../model/item-scan.ts';
import { ItemTable } from '../model/item-table.ts';
import type { ItemFeed, InputRecord, Offset, PartitionLease, TransportListener } from '../ports/transport.ts';
import type { CheckpointOutcome, NetworkStats, Telemetry } from '../ports/telemetry.ts';
import type { SchemaSource } from '../ports/schema-source.ts';
import { decodableCount } from './await-schemas.ts';
import { answerRequest } from './answer-request.ts';
import { BusyTime } from './busy-time.ts';
import { checkpoint } from './checkpoint.ts';
import { EffortControl, type EffortSource } from './effort-control.ts';
import { FollowedItems } from './follow-items.ts';
import { NetworkSlots, type NetworkSlotsOptions } from './network-slots.ts';
import { Pace } from './pace.ts';
import { processRecord } from './process-rating.ts';
import { Recommender } from './recommender.ts';
import { reloadItem, restoreTask } from './restore.ts';
import { Rounds, type RoundsOptions } from './rounds.ts';
import { Shares } from './shares.ts';
import { Task, type Tasks, type TaskTools } from './task.ts';
import { Turns } from './turns.ts';

/** A checkpoint is written once so much waits in refused records. */
const deadLetterLimitBytes = 16 * 1024 * 1024;

/** Further changes of a user are waited for so long before recommendations are made. */
const defaultRecommendationDelayMs = 2000;

type OptionalTools = 'requestsTopic' | 'recommendations' | 'recommendationDelayMs' | 'effortFollowsLoad';

/** Nothing is recommended on a topic unless a number is given. */
export interface WorkerOptions
  extends Omit<TaskTools, OptionalTools>, Partial<Pick<TaskTools, OptionalTools>>, RoundsOptions {
  readonly kernel: Kernel;
  /** What says which effort the load leaves time for, where the effort follows the load. */
  readonly effortSource?: EffortSource;
  /** Ratings in the log that wait for this worker. */
  readonly waiting?: () => number;
  readonly feed: ItemFeed;
  /** Where writers' schemas are asked for; without it the codec knows all that it will ever know. */
  readonly schemas?: SchemaSource;
  /** Networks beside the online experts; without it none ever answers. */
  readonly networks?: Omit<NetworkSlotsOptions, 'tasks' | 'clock' | 'log'>;
  readonly telemetry: Telemetry;
  /** A checkpoint is written after this many records, too. */
  readonly checkpointEvents: number;
}

export class Worker implements TransportListener {
  readonly items: ItemTable;
  readonly #scan: ItemScan;
  readonly #options: WorkerOptions & TaskTools;
  readonly #tasks = new Map<number, Task>();
  readonly #turns = new Map<number, Turns>();
  /** When a partition came to a record whose schema nobody tells. */
  readonly #waitingSinceMs = new Map<number, number>();
  readonly #shares: Shares;
  readonly #followed: FollowedItems;
  readonly #slots: NetworkSlots | null;
  readonly #rounds: Rounds;
  readonly #effortSource: EffortSource | null;
  /** On ratings of all tasks, and how many, since the worker began. */
  readonly #busy = new BusyTime();
  #events = 0;

  constructor(options: WorkerOptions) {
    this.#options = {
      requestsTopic: 'prediction-requests',
      recommendations: 0,
      recommendationDelayMs: defaultRecommendationDelayMs,
      effortFollowsLoad: false,
      ...options,
    };
    const { effortFollowsLoad, settings } = this.#options;
    this.#effortSource = effortFollowsLoad ? (options.effortSource ?? new EffortControl(settings.effort)) : null;
    this.items = new ItemTable(options.settings, options.kernel);
    this.#scan = new ItemScan(this.items, options.settings.itemDamping);
    this.items.reloadWith((id, row) => reloadItem(this.#tasks, id, row));
    this.#shares = new Shares(this.#tasks);
    this.#followed = new FollowedItems(
      options.feed,
      options.partitionCount,
      this.items,
      this.#shares,
      this.#tasks,
      options.codec,
      () => options.clock.monotonicMs(),
    );
    const recommender = new Recommender({
      tasks: this.#tasks,
      clock: options.clock,
      codec: options.codec,
      count: this.#options.recommendations,
      inTurn: (partition, work) => this.#inTurn(partition, work),
    });
    const { networks } = options;
    this.#slots = networks === undefined ? null : new NetworkSlots({ ...options, ...networks, tasks: this.#tasks });
    this.#rounds = new Rounds(options, {
      tasks: this.#tasks,
      checkpointAll: () => this.checkpointAll(),
      recommend: () => recommender.round(),
      follow: () => this.follow(),
    });
  }

  /** Loads the networks that serve. Before the first partition is assigned. */
  async startNetworks(): Promise<void> {
    await this.#slots?.start();
  }

  networkStats(): NetworkStats[] {
    return this.#slots?.stats() ?? [];
  }

  get tasks(): Tasks {
    return this.#tasks;
  }

  /** Partitions of other workers whose contributions to items are not all here yet. */
  behind(): number[] {
    return this.#followed.behind();
  }

  /** See WorkerStats. */
  followLagMs(): number | null {
    return this.#followed.lagMs();
  }

  schemaWaitMs(partition: number): number {
    const since = this.#waitingSinceMs.get(partition);
    return since === undefined ? 0 : this.#options.clock.monotonicMs() - since;
  }

  async assigned(lease: PartitionLease): Promise<void> {
    const { clock, log, telemetry } = this.#options;
    const startMs = clock.monotonicMs();
    this.#followed.expect(lease.partition);
    try {
      await this.#followed.follow();
      const { task, records } = await this.#restored(lease);
      // Nothing is awaited here: the task and its share of items and sums appear at once.
      this.#followed.takeOver(task);
      this.#tasks.set(lease.partition, task);
      this.#turns.set(lease.partition, new Turns());
      this.#shares.refresh(task);
      this.#slots?.install(task);
      const durationMs = clock.monotonicMs() - startMs;
      telemetry.restored(lease.partition, durationMs, records);
      log.info({ partition: lease.partition, offset: task.committedOffset, records, durationMs }, 'partition restored');
    } finally {
      this.#followed.expectNoMore(lease.partition);
    }
  }

  /** A task as it was committed, of which nobody sees anything yet. */
  async #restored(lease: PartitionLease): Promise<{ readonly task: Task; readonly records: number }> {
    const task = new Task(this.#options, lease, this.items, this.#scan, this.#tasks, (t) => this.#shares.refresh(t));
    this.items.closeContribution(task.learner.own);
    try {
      return { task, records: await restoreTask(task) };
    } catch (error) {
      task.learner.close();
      throw error;
    }
  }

  async records(partition: number, records: readonly InputRecord[]): Promise<Offset> {
    const task = this.#taskOf(partition);
    // Waiting for a schema takes no turn: checkpoints of the timer go on.
    const decodable = await this.#decodable(partition, records);
    return this.#inTurn(partition, async () => {
      this.#assertHeld(task);
      const { clock } = this.#options;
      const startMs = clock.monotonicMs();
      const pace = new Pace(clock);
      this.#busy.begin(startMs);
      try {
        // What lies between the next offset and these records was rolled back by a checkpoint of the timer: first that.
        for (const record of task.rewound ? [] : decodable) {
          processRecord(task, record);
          this.#events++;
          if (this.#isDue(task) && !(await this.#checkpoint(task))) break;
          if (pace.isOver()) await pace.breathe();
        }
      } finally {
        this.#busy.end(clock.monotonicMs());
      }
      task.rewound = false;
      task.busyMs += clock.monotonicMs() - startMs;
      return task.nextOffset;
    });
  }

  /** Answers, and makes the answers durable at once: somebody waits for them. What comes meanwhile waits for the next time. */
  async requests(partition: number, records: readonly InputRecord[]): Promise<Offset> {
    const task = this.#taskOf(partition);
    const { schemas, codec, clock } = this.#options;
    const count = schemas === undefined ? records.length : await decodableCount(records, codec, schemas);
    return this.#inTurn(partition, async () => {
      this.#assertHeld(task);
      const pace = new Pace(clock);
      for (const record of task.requestsRewound ? [] : records.slice(0, count)) {
        await answerRequest(task, record, pace);
        if (pace.isOver()) await pace.breathe();
      }
      if (task.nextRequest !== task.committedRequest) await this.#checkpoint(task);
      // Put back or not: what is wanted next is told here.
      task.requestsRewound = false;
      return task.nextRequest ?? 0;
    });
  }

  async revoked(partition: number): Promise<void> {
    const task = this.#tasks.get(partition);
    if (task === undefined) return;
    try {
      await this.#inTurn(partition, async () => {
        try {
          await this.#checkpoint(task);
        } finally {
          this.#drop(partition);
        }
      });
    } finally {
      await this.#followGone();
    }
  }

  async lost(partition: number): Promise<void> {
    // A checkpoint under way is fenced and ends; only then may its rows go.
    if (this.#tasks.has(partition)) {
      await this.#inTurn(partition, () => {
        this.#drop(partition);
        return Promise.resolve();
      });
    }
    await this.#followGone();
  }

  /** Makes everything taken in so far durable now. */
  async checkpointAll(): Promise<void> {
    await Promise.all(
      [...this.#tasks.values()].map((task) =>
        this.#inTurn(task.partition, async () => {
          if (this.#tasks.get(task.partition) === task) await this.#checkpoint(task);
        }),
      ),
    );
  }

  /** Brings what other workers' tasks contribute up to date. */
  follow(): Promise<void> {
    return this.#followed.follow();
  }

  /** Call before the transport's `stop`: nothing of other workers is followed any more. */
  leave(): void {
    this.#rounds.isLeaving = true;
  }

  /**
   * Stops the timer; resolves when nothing of it is at work, so that the log may be closed. The transport's `stop` comes
   * first: it revokes every partition.
   */
  async stop(): Promise<void> {
    await Promise.all([this.#rounds.stop(), this.#slots?.stop()]);
  }

  /** True when the batch is durable; false when it was put back and must be processed again. */
  async #checkpoint(task: Task): Promise<boolean> {
    const { clock, telemetry, log, waiting = () => 0 } = this.#options;
    const startMs = clock.monotonicMs();
    const report = (outcome: CheckpointOutcome, sizeBytes: number, records: number): void =>
      telemetry.checkpoint(task.partition, outcome, clock.monotonicMs() - startMs, sizeBytes, records);
    // Stored with what was learned, so that whoever goes on from here does it in the same way; also while no ratings come, for
    // somebody may ask.
    if (this.#effortSource !== null)
      task.nextEffort = this.#effortSource.at(startMs, this.#busy.spentMs(startMs), this.#events, waiting());
    try {
      const result = await checkpoint(task);
      if (result.kind === 'committed') report('committed', result.sizeBytes, result.records);
      if (result.kind !== 'put-back') {
        this.#slots?.install(task);
        return true;
      }
      report('failed', 0, 0);
      log.warn(
        { partition: task.partition, offset: task.nextOffset, reason: result.error.message },
        'checkpoint put back',
      );
      return false;
    } catch (error) {
      report(error instanceof FencedError ? 'fenced' : 'failed', 0, 0);
      throw error;
    }
  }

  /** What others contribute to the items of a partition that has gone; who is leaving has no use for it. */
  async #followGone(): Promise<void> {
    if (!this.#rounds.isLeaving) await this.#followed.follow();
  }

  #isDue(task: Task): boolean {
    return task.pendingCount >= this.#options.checkpointEvents || task.deadLetterBytes >= deadLetterLimitBytes;
  }

  /** The records whose schemas are known; those behind are delivered again. */
  async #decodable(partition: number, records: readonly InputRecord[]): Promise<readonly InputRecord[]> {
    const { schemas, codec, clock } = this.#options;
    if (schemas === undefined) return records;
    const askedMs = clock.monotonicMs();
    const count = await decodableCount(records, codec, schemas);
    if (count > 0) this.#waitingSinceMs.delete(partition);
    if (count === records.length) return records;
    if (!this.#waitingSinceMs.has(partition)) this.#waitingSinceMs.set(partition, askedMs);
    return records.slice(0, count);
  }

  #inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(partition) ?? new Turns();
    this.#turns.set(partition, turns);
    return turns.take(work);
  }

  #taskOf(partition: number): Task {
    const task = this.#tasks.get(partition);
    if (task === undefined) throw notAssigned(partition);
    return task;
  }

  /** It may have gone while its turn was waited for. */
  #assertHeld(task: Task): void {
    if (this.#tasks.get(task.partition) !== task) throw notAssigned(task.partition);
  }

  #drop(partition: number): void {
    const task = this.#tasks.get(partition);
    if (task === undefined) return;
    task.learner.close();
    this.#slots?.drop(task);
    this.#tasks.delete(partition);
    this.#turns.delete(partition);
    this.#waitingSinceMs.delete(partition);
  }
}

const notAssigned = (partition: number): FencedError =>
  new FencedError(`Partition ${partition} is not assigned to this worker: its records are not processed here.`, {
    partition,
  });
