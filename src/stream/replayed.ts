/**
 * The online learner as it stood at a place of the log: it goes through the same events in the same order, and stops there.
 * With one partition it is what a worker had then, bit for bit; several are gone through side by side by one learner.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { ItemTable } from '../model/item-table.ts';
import { expertNames } from '../model/answer.ts';
import { Learner } from '../model/learner.ts';
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import type { Network } from '../model/networks/network.ts';
import { toInner } from '../model/scale.ts';
import type { LearnerSettings } from '../model/settings.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';

export type ReplayedEvent =
  | {
      readonly userId: string;
      readonly itemId: string;
      /** On the inner scale; null withdraws an earlier one. */
      readonly rating: number | null;
      readonly seconds: number;
      readonly weight: number;
    }
  | { readonly forgetUserId: string };

/** The n-th rating of a table. */
export function ratingOf(table: RatingsTable, n: number) {
  return {
    userId: table.users[table.userIndex[n]!]!,
    itemId: table.items[table.itemIndex[n]!]!,
    rating: toInner(table.scale, table.ratings[n]!),
    seconds: Math.floor(table.ratedAtMs[n]! / 1000),
    weight: 1,
  };
}

/** Rows changed between two of these are kept for undo, as in the stream. */
const eventsPerBatch = 1000;
const blendIndex = expertNames.length - 1;

export class ReplayedLearner {
  readonly items: ItemTable;
  readonly learner: Learner;
  readonly #serving = new Map<NetworkKind, Network>();
  #events = 0;

  constructor(settings: LearnerSettings, kernel: Kernel) {
    this.items = new ItemTable(settings, kernel);
    this.learner = new Learner(settings, this.items);
  }

  take(event: ReplayedEvent): void {
    const { learner } = this;
    if ('forgetUserId' in event) learner.forget(event.forgetUserId);
    else if (event.rating === null) learner.withdraw(event.userId, event.itemId);
    else learner.learnOne(event.userId, event.itemId, event.rating, event.seconds, event.weight);
    this.taken();
  }

  /** An event was learned; true when it was the last one of a batch. */
  taken(): boolean {
    if (++this.#events % eventsPerBatch !== 0) return false;
    this.learner.settle();
    return true;
  }

  /** Answers from here on; released with the learner, or when another one of its kind comes. */
  serve(network: Network): void {
    this.learner.settle();
    this.learner.setNetwork(network.kind, 'serving', network);
    this.#serving.get(network.kind)?.release();
    this.#serving.set(network.kind, network);
  }

  get kinds(): NetworkKind[] {
    return networkKinds.filter((kind) => this.#serving.has(kind));
  }

  /** By the numbers of these ids: every expert's answer, networks that serve included, the published one last. */
  asked(userIds: readonly string[], itemIds: readonly string[]) {
    const { learner, items } = this;
    learner.settle();
    const places = this.kinds.map((kind) => networkKinds.indexOf(kind));
    const answers = new Float64Array(expertNames.length + places.length);
    return {
      experts: [...expertNames.slice(0, blendIndex), ...this.kinds, expertNames[blendIndex]!],
      answer(user: number, item: number, seconds: number): Float64Array {
        const { experts, networks } = learner.predictOne(
          learner.users.find(userIds[user]!),
          items.find(itemIds[item]!),
          seconds,
        );
        for (let e = 0; e < blendIndex; e++) answers[e] = experts[e]!;
        places.forEach((place, n) => (answers[blendIndex + n] = networks[place]!));
        answers[answers.length - 1] = experts[blendIndex]!;
        return answers;
      },
      tell: (user: number, item: number, rating: number, seconds: number): void =>
        this.take({ userId: userIds[user]!, itemId: itemIds[item]!, rating, seconds, weight: 1 }),
    };
  }

  close(): void {
    this.learner.close();
    this.items.release();
    for (const network of this.#serving.values()) network.release();
  }
}
