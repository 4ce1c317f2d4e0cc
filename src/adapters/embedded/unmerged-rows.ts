/**
 * Rows that are in the journal and not in the tables: the last value of each. They are merged in rounds, in the order of their keys, a
 * part with each write: a page that many of them share is then written once and not for each. What comes during a round waits for the
 * next one, and a row that came again is left to it.
 */
import type { JournaledRow } from './journal-rows.ts';
import { sorted } from './sort-in-slices.ts';

/** Of so many parts, each goes with a write: few rows, so that no write takes long. */
const writesPerRound = 128;
/** The same once a round waits for this one: a flood holds itself up, and not the memory. */
const writesPerHurriedRound = 16;

export type Rows = ReadonlyMap<string, Buffer | null>;

export interface DueRows {
  /** Those that came again since the round began have no row here. */
  readonly ids: readonly string[];
  readonly rows: readonly JournaledRow[];
}

export class UnmergedRows {
  #recent = new Map<string, Buffer | null>();
  /** What the round has left. */
  readonly #merging: Map<string, Buffer | null>;
  #order: readonly string[] = [];
  #next = 0;
  /** What is sorted for the round under way. */
  #sorting: readonly string[] = [];

  /** `left`: what a former process left in its journal; a round of its own. */
  constructor(left: Rows = new Map()) {
    this.#merging = new Map(left);
    if (left.size > 0) void this.#sort();
  }

  /** Of rows that came since the round began. */
  get recentCount(): number {
    return this.#recent.size;
  }

  get isRoundOver(): boolean {
    return this.#merging.size === 0;
  }

  /** They are durable in the journal. */
  add(rows: readonly JournaledRow[]): void {
    for (const { id, value } of rows) this.#recent.set(id, value);
  }

  /** The row's last value, null when it goes; undefined when the table knows it. */
  get(id: string): Buffer | null | undefined {
    const recent = this.#recent.get(id);
    return recent === undefined ? this.#merging.get(id) : recent;
  }

  /** The last one is over: all that came meanwhile is for this one. */
  beginRound(): void {
    for (const [id, value] of this.#recent) this.#merging.set(id, value);
    this.#recent = new Map();
    void this.#sort();
  }

  /** What the next write is to take into the tables; more of it when the next round is due already. */
  due(isHurried: boolean): DueRows {
    const writes = isHurried ? writesPerHurriedRound : writesPerRound;
    const ids = this.#order.slice(this.#next, this.#next + Math.ceil(this.#order.length / writes));
    const rows = ids.flatMap((id) => {
      const value = this.#merging.get(id);
      return value === undefined || this.#recent.has(id) ? [] : [{ id, value }];
    });
    return { ids, rows };
  }

  /** The write with what was due is durable: the tables know these rows, or the next round will tell them. */
  settle({ ids }: DueRows): void {
    for (const id of ids) this.#merging.delete(id);
    this.#next += ids.length;
  }

  /** Every row, with its last value. */
  all(): JournaledRow[] {
    const last = new Map([...this.#merging, ...this.#recent]);
    return [...last].map(([id, value]) => ({ id, value }));
  }

  /** The tables know all of them. */
  clear(): void {
    this.#recent.clear();
    this.#merging.clear();
  }

  async #sort(): Promise<void> {
    const ids = [...this.#merging.keys()];
    this.#sorting = ids;
    const order = await sorted(ids);
    if (this.#sorting === ids) [this.#order, this.#next] = [order, 0];
  }
}
