/**
 * How a network does on ratings that it was not trained on, beside what it is measured against: both answer every rating of
 * the held-out tail in time order, from what the user had rated until then, as they would have when it came.
 */
import { Blocks, type BlockSums } from '../model/confidence.ts';
import type { Network, NetworkHistory } from '../model/networks/network.ts';
import { clipInner } from '../model/scale.ts';
import type { RatingsWindow } from './window.ts';

/** An answer to the n-th user and item of a window, on the inner scale. */
export type Answering = (user: number, item: number) => number;

export interface HeldOutFigures {
  readonly ratings: number;
  readonly rmse: number;
  readonly mae: number;
  readonly againstRmse: number;
  /** Squared errors of the other less those of the network. */
  readonly differences: BlockSums;
  readonly isFinite: boolean;
}

/** `rest` comes before `heldOut`, over the same ids: the histories begin with it. */
export function measureHeldOut(
  network: Network,
  against: Network | Answering,
  rest: RatingsWindow,
  heldOut: RatingsWindow,
  historyLimit: number,
): HeldOutFigures {
  const histories = new Histories(historyLimit);
  const candidate = answeringFrom(network, histories, heldOut);
  const other = typeof against === 'function' ? against : answeringFrom(against, histories, heldOut);
  for (let at = 0; at < rest.ratings.length; at++) histories.add(rest.users[at]!, rest.items[at]!, rest.ratings[at]!);
  const differences = new Blocks();
  let squared = 0;
  let absolute = 0;
  let againstSquared = 0;
  let isFinite = true;
  const ratings = heldOut.ratings.length;
  for (let at = 0; at < ratings; at++) {
    const user = heldOut.users[at]!;
    const item = heldOut.items[at]!;
    const rating = heldOut.ratings[at]!;
    const answer = candidate(user, item);
    isFinite &&= Number.isFinite(answer);
    const error = clipInner(answer) - rating;
    const otherError = clipInner(other(user, item)) - rating;
    squared += error * error;
    absolute += Math.abs(error);
    againstSquared += otherError * otherError;
    differences.add(otherError * otherError - error * error);
    histories.add(user, item, rating);
  }
  return {
    ratings,
    rmse: Math.sqrt(squared / ratings),
    mae: absolute / ratings,
    againstRmse: Math.sqrt(againstSquared / ratings),
    differences: { blocks: differences.blocks, sum: differences.sum, squares: differences.squares },
    isFinite,
  };
}

/** The network by the window's numbers of users and items. */
function answeringFrom(network: Network, histories: Histories, { userIds, itemIds }: RatingsWindow): Answering {
  const users = Int32Array.from(userIds, (id) => network.userOf(id));
  const items = Int32Array.from(itemIds, (id) => network.itemOf(id));
  return (user, item) => network.predict(users[user]!, items[item]!, histories.of(user, items));
}

/** The latest ratings of each user, by the window's numbers. */
export class Histories {
  readonly #limit: number;
  readonly #byUser = new Map<number, { readonly items: number[]; readonly ratings: number[] }>();
  readonly #slot: { count: number; readonly items: Int32Array; readonly ratings: Float64Array };

  constructor(limit: number) {
    this.#limit = limit;
    this.#slot = { count: 0, items: new Int32Array(limit), ratings: new Float64Array(limit) };
  }

  add(user: number, item: number, rating: number): void {
    let kept = this.#byUser.get(user);
    if (kept === undefined) this.#byUser.set(user, (kept = { items: [], ratings: [] }));
    kept.items.push(item);
    kept.ratings.push(rating);
    // Trimmed now and then, not for every rating.
    if (kept.items.length < 4 * this.#limit) return;
    kept.items.splice(0, kept.items.length - this.#limit);
    kept.ratings.splice(0, kept.ratings.length - this.#limit);
  }

  /** Latest first, in a network's numbers of items. */
  of(user: number, numbers: Int32Array): NetworkHistory {
    const slot = this.#slot;
    const kept = this.#byUser.get(user);
    slot.count = Math.min(this.#limit, kept?.items.length ?? 0);
    for (let n = 0; n < slot.count; n++) {
      const at = kept!.items.length - 1 - n;
      slot.items[n] = numbers[kept!.items[at]!]!;
      slot.ratings[n] = kept!.ratings[at]!;
    }
    return slot;
  }
}
