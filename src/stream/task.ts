/**
 * One partition at work: its users, its share of items and sums, its offset. A task changes memory rating by rating and
 * makes it durable checkpoint by checkpoint (checkpoint.ts); what is not yet durable can be put back exactly.
 */
import type { ItemScan } from '../model/item-scan.ts';
import type { ItemTable } from '../model/item-table.ts';
import { expertNames } from '../model/answer.ts';
import { Learner } from '../model/learner.ts';
import type { Scale } from '../model/scale.ts';
import type { Effort, LearnerSettings } from '../model/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Codec } from '../ports/codec.ts';
import type { Offset, OutputRecord, PartitionLease } from '../ports/transport.ts';
import { ContributionImages } from './contribution-image.ts';
import { EventIds } from './event-ids.ts';
import { LiveScore } from './live-score.ts';
import { PendingRecommendations } from './pending-recommendations.ts';
import { PredictionDraft } from './prediction-draft.ts';
import { Score } from './score.ts';

/** What every task of a worker works with. */
export interface TaskTools {
  readonly settings: LearnerSettings;
  /** The effort follows the load: it is stored with each checkpoint, and a restored task goes on with it. */
  readonly effortFollowsLoad: boolean;
  readonly scale: Scale;
  readonly codec: Codec;
  readonly clock: Clock;
  /** Name of the ratings topic, and its partitions. */
  readonly topic: string;
  readonly partitionCount: number;
  /** Name of the requests topic. */
  readonly requestsTopic: string;
  /** Items recommended to a user whose rows changed, on a topic; 0 recommends nothing there. */
  readonly recommendations: number;
  /** How long a user's further changes are waited for before that; they are many in a short time, or few. */
  readonly recommendationDelayMs: number;
  /** Rows kept in memory for each task's users, and for all items; the store keeps the rest. */
  readonly maxUsers: number;
  readonly maxItems: number;
}

/** All tasks of a worker by partition. */
export type Tasks = ReadonlyMap<number, Task>;

export class Task {
  readonly partition: number;
  readonly lease: PartitionLease;
  readonly tools: TaskTools;
  readonly learner: Learner;
  readonly images: ContributionImages;
  readonly eventIds = new EventIds();
  readonly score = new Score(expertNames);
  /** Of the networks. */
  readonly live = new LiveScore();
  readonly draft: PredictionDraft;
  /** What the next checkpoint publishes. */
  readonly predictions: OutputRecord[] = [];
  readonly deadLetters: OutputRecord[] = [];
  readonly receipts: OutputRecord[] = [];
  readonly answers: OutputRecord[] = [];
  readonly recommendations = new PendingRecommendations();
  /** Bytes of the dead letters: refused records may be large, and all wait in memory for the checkpoint. */
  deadLetterBytes = 0;
  readonly counts = new TaskCounts();
  /** Time spent on ratings since the worker's last tick. */
  busyMs = 0;
  /** The next offset to process; everything before it is in memory. */
  nextOffset: Offset = 0;
  /** The next request to answer; null when none ever came. */
  nextRequest: Offset | null = null;
  /** True from a roll-back until the transport was told to deliver again from `nextOffset`. */
  rewound = false;
  /** The same for requests. */
  requestsRewound = false;
  /** The next offset as of the last checkpoint. */
  committedOffset: Offset = 0;
  committedRequest: Offset | null = null;
  /** The effort from the next checkpoint on. */
  nextEffort: Effort;
  /** Set once it cannot be known what is committed: then nothing more may be. */
  failure: Error | null = null;
  /** True once the store says with which settings the task was learned. */
  settingsStored = false;
  /** True when the store may hold users that memory does not. */
  usersIncomplete = false;
  /** The worker's tasks, this one included: they share the item table. */
  readonly peers: Tasks;
  /** The best of all items, the same for all tasks of the worker. */
  readonly scan: ItemScan;

  /** `refreshShares` puts the other tasks' shares into the learner's sums. */
  constructor(
    tools: TaskTools,
    lease: PartitionLease,
    items: ItemTable,
    scan: ItemScan,
    peers: Tasks,
    refreshShares: (task: Task) => void,
  ) {
    this.tools = tools;
    this.peers = peers;
    this.scan = scan;
    this.lease = lease;
    this.partition = lease.partition;
    this.learner = new Learner(tools.settings, items, () => refreshShares(this));
    this.nextEffort = this.learner.effort;
    this.images = new ContributionImages(items);
    this.draft = new PredictionDraft(tools.scale, lease.partition);
  }

  /** Records taken in since the last checkpoint, whatever became of them. */
  get pendingCount(): number {
    return this.nextOffset - this.committedOffset;
  }

  /** True when a checkpoint would change what the task knows, or how it goes on. */
  get isChanged(): boolean {
    return this.pendingCount > 0 || this.nextEffort !== this.learner.effort;
  }

  /** True when it would make anything durable. */
  get isDirty(): boolean {
    return this.isChanged || this.nextRequest !== this.committedRequest || this.recommendations.isTouched;
  }

  /** The user's rows changed. */
  recommendLater(userId: string): void {
    const { recommendations, recommendationDelayMs, clock } = this.tools;
    if (recommendations === 0) return;
    this.recommendations.changed(userId, recommendationDelayMs === 0 ? 0 : clock.monotonicMs() + recommendationDelayMs);
  }

  /** The checkpoint is durable. Only now may anything be evicted. */
  settle(nextOffset: Offset): void {
    this.committedOffset = nextOffset;
    this.committedRequest = this.nextRequest;
    this.learner.settle();
    this.learner.setEffort(this.nextEffort);
    this.eventIds.settle();
    this.score.settle();
    this.live.settle();
    this.counts.settle();
    this.recommendations.settle();
    this.#clearOutputs();
    this.evict();
  }

  /** Nothing since the last checkpoint happened. */
  rollBack(): void {
    this.nextOffset = this.committedOffset;
    this.rewound = true;
    this.requestsRewound = this.nextRequest !== this.committedRequest;
    this.nextRequest = this.committedRequest;
    this.learner.rollBack();
    this.nextEffort = this.learner.effort;
    this.eventIds.rollBack();
    this.score.rollBack();
    this.live.rollBack();
    this.counts.rollBack();
    this.recommendations.rollBack();
    this.#clearOutputs();
  }

  #clearOutputs(): void {
    this.predictions.length = 0;
    this.deadLetters.length = 0;
    this.deadLetterBytes = 0;
    this.receipts.length = 0;
    this.answers.length = 0;
  }

  /** Between batches: drops rows beyond the cap from memory; the store keeps them. */
  evict(): void {
    const { users, items } = this.learner;
    if (users.size > this.tools.maxUsers) {
      this.usersIncomplete = true;
      users.evictDownTo(this.tools.maxUsers);
    }
    // Items can be fetched again only where every contribution to them is in this worker's own store.
    const ownsAll = this.peers.size === this.tools.partitionCount;
    if (ownsAll && items.size > this.tools.maxItems) items.evictDownTo(this.tools.maxItems);
  }
}

/** Counters since the task began here; a failed batch is taken back. */
export class TaskCounts {
  applied = 0;
  withdrawn = 0;
  forgotten = 0;
  skipped = 0;
  predictions = 0;
  answered = 0;
  rejected = new Map<string, number>();
  eventTimeLagMs = 0;
  #settled = {
    applied: 0,
    withdrawn: 0,
    forgotten: 0,
    skipped: 0,
    predictions: 0,
    answered: 0,
    rejected: new Map<string, number>(),
  };

  reject(code: string): void {
    this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
  }

  settle(): void {
    const { applied, withdrawn, forgotten, skipped, predictions, answered } = this;
    this.#settled = { applied, withdrawn, forgotten, skipped, predictions, answered, rejected: new Map(this.rejected) };
  }

  rollBack(): void {
    Object.assign(this, { ...this.#settled, rejected: new Map(this.#settled.rejected) });
  }
}
