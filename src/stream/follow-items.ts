/**
 * What tasks of other workers contribute to items, added to what is held here (docs/architecture.md, "Items are shared").
 * Partitions owned here are not followed: their contributions are in memory first.
 */
import type { ItemTable } from '../model/item-table.ts';
import type { StateCodec } from '../ports/codec.ts';
import type { ItemFeed, ItemFollower } from '../ports/transport.ts';
import { parseItemsKey, unknownKey } from './keys.ts';
import { ContributionImages } from './contribution-image.ts';
import { decodeSums } from './stored-sums.ts';
import type { Shares } from './shares.ts';
import type { Task, Tasks } from './task.ts';

export class FollowedItems implements ItemFollower {
  readonly #feed: ItemFeed;
  readonly #items: ItemTable;
  readonly #images: ContributionImages;
  readonly #shares: Shares;
  readonly #tasks: Tasks;
  readonly #codec: StateCodec;
  /** Partitions whose contributions are part of the items' `rest`. */
  readonly #followed = new Set<number>();
  /** Partitions that are about to be owned here. */
  readonly #expected = new Set<number>();
  /** Partitions that were followed to their end since they were begun. */
  readonly #caughtUp = new Set<number>();
  /** Partitions that the calls of `follow` under way will have brought to their end. */
  readonly #begun = new Set<Set<number>>();
  readonly #partitionCount: number;
  readonly #monotonicMs: () => number;
  #reachedMs: number;

  constructor(
    feed: ItemFeed,
    partitionCount: number,
    items: ItemTable,
    shares: Shares,
    tasks: Tasks,
    codec: StateCodec,
    monotonicMs: () => number,
  ) {
    this.#monotonicMs = monotonicMs;
    this.#reachedMs = monotonicMs();
    this.#feed = feed;
    this.#partitionCount = partitionCount;
    this.#items = items;
    this.#images = new ContributionImages(items);
    this.#shares = shares;
    this.#tasks = tasks;
    this.#codec = codec;
  }

  /** Brings everything followed up to its present end. With one partition that is nothing: who has it not serves nobody. */
  async follow(): Promise<void> {
    if (this.#partitionCount === 1) return;
    if (this.#tasks.size === this.#partitionCount && this.#followed.size === 0) {
      this.#reachedMs = this.#monotonicMs();
      return;
    }
    const startMs = this.#monotonicMs();
    const begun = this.#behind();
    this.#begun.add(begun);
    try {
      await this.#feed.follow(this, (partition) => !this.#tasks.has(partition) && !this.#isBroughtWhole(partition));
      for (const partition of begun) this.#caughtUp.add(partition);
      this.#reachedMs = startMs;
    } finally {
      this.#begun.delete(begun);
    }
  }

  /** Since everything followed was at its end for the last time; null when nothing is followed. */
  lagMs(): number | null {
    if (this.#partitionCount === 1 || this.#tasks.size === this.#partitionCount) return null;
    return this.#monotonicMs() - this.#reachedMs;
  }

  /** Partitions of other workers whose contributions are not all here yet. */
  behind(): number[] {
    return this.#partitionCount === 1 ? [] : [...this.#behind()];
  }

  #behind(): Set<number> {
    const behind = new Set<number>();
    for (let partition = 0; partition < this.#partitionCount; partition++) {
      if (this.#caughtUp.has(partition) || this.#tasks.has(partition) || this.#isBroughtWhole(partition)) continue;
      behind.add(partition);
    }
    return behind;
  }

  /**
   * A partition will be owned here: when nothing of it was followed so far, nothing is, for its task brings all of it.
   * Adding and taking out again would leave the rounding behind.
   */
  expect(partition: number): void {
    this.#expected.add(partition);
    if (this.#isBroughtWhole(partition)) this.#beginAnew(partition);
  }

  /** It is owned, or it is not coming. */
  expectNoMore(partition: number): void {
    this.#expected.delete(partition);
  }

  #beginAnew(partition: number): void {
    this.#caughtUp.delete(partition);
    for (const begun of this.#begun) begun.delete(partition);
  }

  #isBroughtWhole(partition: number): boolean {
    return this.#expected.has(partition) && !this.#followed.has(partition);
  }

  /**
   * The task of an expected partition is restored: its own contribution takes the place of what was followed, in one
   * turn, so that nobody reads both or none. Once nothing is followed any more, not even rounding is left of the exchange.
   * Call after its old owner is fenced and `follow` has reached the end, before the task works. Whoever gives the task up
   * closes its contribution; the next `follow` starts over from what is committed.
   */
  takeOver(task: Task): void {
    const { partition, learner } = task;
    this.#feed.unfollow(partition);
    this.#beginAnew(partition);
    if (this.#followed.delete(partition)) {
      if (this.#followed.size === 0) this.#items.dropForeign();
      else learner.own.forEach((row, values) => this.#items.addForeign(row, values, -1));
      this.#shares.drop(partition);
    }
    this.#items.attach(learner.own);
  }

  /** Items come whole only once, when there is nothing yet to replace; the sums with every commit. */
  contribution(partition: number, key: string, afterImage: Uint8Array): void {
    if (parseItemsKey(key).kind === 'sums') this.#shares.set(partition, decodeSums(afterImage));
    else this.#add(partition, key, afterImage);
    this.#followed.add(partition);
  }

  delta(partition: number, key: string, delta: Uint8Array): void {
    this.#add(partition, key, delta);
    this.#followed.add(partition);
  }

  #add(partition: number, key: string, change: Uint8Array): void {
    const parsed = parseItemsKey(key);
    if (parsed.kind === 'sums') return;
    if (parsed.kind === 'unknown') throw unknownKey(partition, key);
    const image = this.#codec.decodeItemContribution(change);
    const cells = parsed.kind === 'numbers' ? this.#images.numbersOf(image) : this.#images.sketchOf(image);
    this.#items.addForeign(this.#items.ensure(parsed.itemId), cells, 1);
  }
}
