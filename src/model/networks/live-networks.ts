/**
 * The networks of one learner. Of each kind one may serve and one may stand in its shadow: it answers as well, so that the
 * two can be compared, and nothing is made of its answer. Networks learn nothing here; they are put in their places and
 * taken out between two batches.
 */
import { emptySlot, type Slot } from '../history.ts';
import type { ItemTable } from '../item-table.ts';
import { clipInner } from '../scale.ts';
import type { UserTable } from '../user-table.ts';
import { networkKinds, type NetworkKind } from './kinds.ts';
import type { Network, NetworkHistory } from './network.ts';

export type NetworkRole = 'serving' | 'shadow';

interface Place {
  readonly network: Network;
  readonly index: number;
  readonly answers: Float64Array;
  readonly users: Numbers;
  readonly items: Numbers;
  readonly history: WritableHistory;
}

type WritableHistory = { -readonly [K in keyof NetworkHistory]: NetworkHistory[K] };

export class LiveNetworks {
  /** By kind, in the order of `networkKinds`: the last answers, on the inner scale; NaN where there is no network. */
  readonly serving = new Float64Array(networkKinds.length).fill(Number.NaN);
  readonly shadow = new Float64Array(networkKinds.length).fill(Number.NaN);
  /** Of the networks that serve: 1 where the user at hand is known. */
  readonly knownUsers = new Float64Array(networkKinds.length);
  #places: readonly Place[] = [];
  readonly #users: UserTable;
  readonly #items: ItemTable;
  readonly #slot: Slot = emptySlot();

  constructor(users: UserTable, items: ItemTable) {
    this.#users = users;
    this.#items = items;
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
  }

  /** Everybody answers; rows that are -1 are unknown. Changes no state. */
  predict(userRow: number, itemRow: number, userHead: number): void {
    for (let p = 0; p < this.#places.length; p++) {
      const { network, index, answers, users, items, history } = this.#places[p]!;
      const user = users.of(userRow);
      // Of whom a network was trained on it knows more than is remembered here.
      history.count = 0;
      if (user < 0) this.#fill(history, items, userRow, userHead);
      const answer = network.predict(user, items.of(itemRow), history);
      answers[index] = clipInner(answer);
    }
  }

  #placeOf(network: Network, index: number, answers: Float64Array): Place {
    const { limit } = this.#users.history;
    return {
      ...{ network, index, answers },
      users: new Numbers(this.#users, (id) => network.userOf(id)),
      items: new Numbers(this.#items, (id) => network.itemOf(id)),
      history: { count: 0, items: new Int32Array(limit), ratings: new Float64Array(limit) },
    };
  }

  #fill(into: WritableHistory, items: Numbers, userRow: number, userHead: number): void {
    if (userRow < 0) return;
    const { history } = this.#users;
    const sequence = this.#users.sequence(userRow);
    for (let s = sequence - 1; s >= Math.max(0, sequence - history.limit); s--) {
      if (!history.read(userHead, s % history.limit, this.#slot)) continue;
      into.items[into.count] = items.of(this.#slot.itemRow);
      into.ratings[into.count++] = this.#slot.rating;
    }
  }
}

/** A network's number of each row, looked up once: a row may come to belong to another id, which is looked up again. */
class Numbers {
  readonly #table: { idOf(row: number): string };
  readonly #numberOf: (id: string) => number;
  #ids: (string | undefined)[] = [];
  #numbers = new Int32Array(1024);

  constructor(table: { idOf(row: number): string }, numberOf: (id: string) => number) {
    this.#table = table;
    this.#numberOf = numberOf;
  }

  of(row: number): number {
    if (row < 0) return -1;
    const id = this.#table.idOf(row);
    if (this.#ids[row] === id) return this.#numbers[row]!;
    if (row >= this.#numbers.length) {
      const larger = new Int32Array(Math.max(2 * this.#numbers.length, row + 1));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#ids[row] = id;
    return (this.#numbers[row] = this.#numberOf(id));
  }
}
