/**
 * A network as it serves: answers from its own dense numbers and from the user's recent ratings. Learns nothing; allocates
 * nothing per prediction.
 */
import type { NetworkKind } from './kinds.ts';

/** Older ratings tell a network little that these do not, and each costs some 40 ns. */
export const mostRemembered = 128;

/** The ratings that the user is remembered by, latest first, at most `mostRemembered` in a learner. Reused: read it during the call only. */
export interface NetworkHistory {
  readonly count: number;
  /** By rating: the network's own number of the item, -1 for an item that it does not know. At least `count` cells. */
  readonly items: Int32Array;
  /** On the inner scale. */
  readonly ratings: Float64Array;
  /** Another one for other ratings: what was made of the same ones is used again. Absent: not known to be the same. */
  readonly stamp?: number;
}

export interface Network {
  readonly kind: NetworkKind;
  readonly version: string;
  /** The network's number of an id; -1: it was not trained on it. */
  userOf(id: string): number;
  itemOf(id: string): number;
  /** False when `predict` makes no use of the ratings of a user who is remembered by `count` of them. Absent: it reads those of unknown users. */
  readsHistory?(user: number, count: number): boolean;
  /** A finite answer on the inner scale, which may lie outside it; also for unknown users and items (-1). */
  predict(user: number, item: number, history: NetworkHistory): number;
  /** The same into `out[at]`: a number that is returned may be an object on the heap. */
  predictInto?(user: number, item: number, history: NetworkHistory, out: Float64Array, at: number): void;
  /** Gives its memory back; it is of no use afterwards. */
  release(): void;
}
