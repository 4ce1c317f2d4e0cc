/**
 * The networks of one learner. Of each kind one may serve and one may stand in its shadow: it answers as well, so that the
 * two can be compared, and nothing is made of its answer. Networks learn nothing here; they are put in their places and
 * taken out between two batches.
 */
import type { ItemTable } from '../item-table.ts';
import { PastRatings } from '../past-ratings.ts';
import { innerScale } from '../scale.ts';
import type { UserTable } from '../user-table.ts';
import { networkKinds, type NetworkKind } from './kinds.ts';
import { mostRemembered, type Network, type NetworkHistory } from './network.ts';
import { Numbers } from './numbers.ts';

export type NetworkRole = 'serving' | 'shadow';

interface Place {
  readonly network: Network;
  readonly index: number;
  readonly answers: Float64Array;
  readonly history: WritableHistory;
}

type WritableHistory = { -readonly [K in keyof NetworkHistory]-?: NetworkHistory[K] };

export class LiveNetworks {
  /** By kind, in the order of `networkKinds`: the last answers, on the inner scale; NaN where there is no network. */
  readonly serving = new Float64Array(networkKinds.length).fill(Number.NaN);
  readonly shadow = new Float64Array(networkKinds.length).fill(Number.NaN);
  /** Of the networks that serve: 1 where the user at hand is known. */
  readonly knownUsers = new Float64Array(networkKinds.length);
  #places: readonly Place[] = [];
  readonly #users: UserTable;
  /** The networks' numbers of rows, a column for each place. */
  readonly #userNumbers: Numbers;
  readonly #itemNumbers: Numbers;
  /** What the user at hand is remembered by, once somebody asked for it. */
  readonly #past: PastRatings;
  /** The user at hand; a new stamp for each, and whenever what is remembered may have changed. */
  #row = -1;
  #isStale = true;
  #stamp = 0;
  #pastStamp = -1;

  constructor(users: UserTable, items: ItemTable) {
    this.#users = users;
    this.#userNumbers = new Numbers(users);
    this.#itemNumbers = new Numbers(items);
    this.#past = new PastRatings(users.history.limit);
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** The network stays the caller's to release, once no learner has it any more. */
  set(kind: NetworkKind, role: NetworkRole, network: Network | null): void {
    const index = networkKinds.indexOf(kind);
    const answers = role === 'serving' ? this.serving : this.shadow;
    answers[index] = Number.NaN;
    const others = this.#places.filter((place) => place.index !== index || place.answers !== answers);
    this.#places = network === null ? others : [...others, this.#placeOf(network, index, answers)];
    const networks = this.#places.map((place) => place.network);
    this.#userNumbers.number(networks.map((one) => (id) => one.userOf(id)));
    this.#itemNumbers.number(networks.map((one) => (id) => one.itemOf(id)));
  }

  /** Everybody answers; rows that are -1 are unknown. Changes no state. */
  predict(userRow: number, itemRow: number, userHead: number): void {
    if (userRow !== this.#row || this.#isStale) {
      this.#row = userRow;
      this.#isStale = false;
      this.#stamp++;
    }
    const sequence = userRow < 0 ? 0 : this.#users.sequence(userRow);
    const most = Math.min(sequence, this.#users.history.limit, mostRemembered);
    const users = this.#userNumbers;
    const items = this.#itemNumbers;
    users.look(userRow);
    items.look(itemRow);
    for (let p = 0; p < this.#places.length; p++) {
      const { network, index, answers, history } = this.#places[p]!;
      const user = users.of(userRow, p);
      if (network.readsHistory?.(user, most) ?? user < 0) this.#remember(history, p, userHead, sequence);
      else history.count = 0;
      const item = items.of(itemRow, p);
      if (network.predictInto === undefined) answers[index] = network.predict(user, item, history);
      else network.predictInto(user, item, history, answers, index);
      // Not by a function: a number that it returns may be an object on the heap.
      if (answers[index]! < innerScale.lo) answers[index] = innerScale.lo;
      else if (answers[index]! > innerScale.hi) answers[index] = innerScale.hi;
      if (answers === this.serving) this.knownUsers[index] = user < 0 ? 0 : 1;
    }
  }

  /** What users are remembered by has changed, or rows belong to others. */
  forgetPast(): void {
    this.#isStale = true;
  }

  #placeOf(network: Network, index: number, answers: Float64Array): Place {
    const { limit } = this.#users.history;
    const history = { count: 0, items: new Int32Array(limit), ratings: this.#past.ratings, stamp: -1 };
    return { network, index, answers, history };
  }

  /** The user's ratings in a network's numbers: read once for all networks, numbered once for each. */
  #remember(history: WritableHistory, place: number, userHead: number, sequence: number): void {
    const past = this.#past;
    const numbers = this.#itemNumbers;
    if (this.#pastStamp !== this.#stamp) {
      this.#pastStamp = this.#stamp;
      past.count = 0;
      if (sequence > 0) past.fill(this.#users.history, userHead, sequence, mostRemembered);
      for (let n = 0; n < past.count; n++) numbers.look(past.itemRows[n]!);
    }
    history.count = past.count;
    if (history.stamp === this.#stamp) return;
    history.stamp = this.#stamp;
    for (let n = 0; n < past.count; n++) history.items[n] = numbers.of(past.itemRows[n]!, place);
  }
}
