/**
 * Users of one task whose recommendations are due, because their rows changed since they were last published. A marker
 * in the task's state, written with the change and deleted with the publication, keeps what is due through a crash.
 *
 *   nothing due ─ rating ─▶ waiting (marker) ─ delay over ─▶ ranked ─┬─ nothing new ─▶ published, marker deleted
 *                              ▲                                     └─ changed meanwhile ─┐
 *                              └───────────────────────────────────────────────────────────┘
 */
import type { OutputRecord, StateChange } from '../ports/transport.ts';
import { recommendationKey } from './keys.ts';

/** One wait of one user; a change during the ranking begins another. */
export interface Due {
  readonly userId: string;
  readonly atMs: number;
  isRanked: boolean;
}

const marker = Uint8Array.of(1);

export class PendingRecommendations {
  /** What the next checkpoint publishes. */
  readonly records: OutputRecord[] = [];
  /** In the order in which they come due. */
  readonly #due = new Map<string, Due>();
  /** Users with a marker in the store. */
  readonly #stored = new Set<string>();
  /**
   * Users of whom that is not known: a checkpoint of recommendations alone moves no offset, so when its outcome was unknown
   * it is put back although it may have happened.
   */
  readonly #uncertain = new Set<string>();
  /** Users whose marker may have to change with the next checkpoint. */
  readonly #touched = new Set<string>();
  #published = 0;
  #publishedInBatch = 0;

  /** Users who wait. */
  get count(): number {
    return this.#due.size;
  }

  /** Recommendations made durable since the task began here. */
  get published(): number {
    return this.#published;
  }

  get isTouched(): boolean {
    return this.#touched.size > 0 || this.records.length > 0;
  }

  /** `isWanted`: false where nothing is recommended; the marker stays until somebody does, or the user is forgotten. */
  restored(userId: string, isWanted: boolean): void {
    this.#stored.add(userId);
    if (isWanted) this.#due.set(userId, { userId, atMs: 0, isRanked: false });
  }

  /** The user's row changed. */
  changed(userId: string, dueAtMs: number): void {
    const due = this.#due.get(userId);
    if (due !== undefined && !due.isRanked && !this.#uncertain.has(userId)) return;
    this.#due.delete(userId);
    this.#due.set(userId, { userId, atMs: dueAtMs, isRanked: false });
    this.#touched.add(userId);
  }

  /** What was recommended to the user is to go, whether anything was or not: an earlier worker may have had other settings. */
  forget(userId: string, key: Uint8Array): void {
    this.#due.delete(userId);
    this.#touched.add(userId);
    this.records.push({ key, value: null });
  }

  /** The user who has waited longest, if the wait is over; counts as ranked from now on. */
  next(nowMs: number): Due | null {
    for (const due of this.#due.values()) {
      if (due.isRanked) continue;
      if (due.atMs > nowMs) return null;
      due.isRanked = true;
      return due;
    }
    return null;
  }

  /** Takes what was ranked, unless the user changed or was forgotten meanwhile. */
  publish(due: Due, record: OutputRecord): void {
    if (this.#due.get(due.userId) !== due) return;
    this.#due.delete(due.userId);
    this.#touched.add(due.userId);
    this.records.push(record);
    this.#publishedInBatch++;
  }

  changes(): StateChange[] {
    const changes: StateChange[] = [];
    for (const userId of this.#touched) {
      const isDue = this.#due.has(userId);
      if (isDue !== this.#stored.has(userId) || this.#uncertain.has(userId))
        changes.push({ key: recommendationKey(userId), value: isDue ? marker : null });
    }
    return changes;
  }

  settle(): void {
    for (const userId of this.#touched) {
      if (this.#due.has(userId)) this.#stored.add(userId);
      else this.#stored.delete(userId);
      this.#uncertain.delete(userId);
    }
    this.#published += this.#publishedInBatch;
    this.#clear();
  }

  /** As of the last checkpoint; whoever waited then is due at once. */
  rollBack(): void {
    for (const userId of this.#touched) {
      this.#uncertain.add(userId);
      this.#due.delete(userId);
      if (this.#stored.has(userId)) this.#due.set(userId, { userId, atMs: 0, isRanked: false });
    }
    this.#clear();
  }

  #clear(): void {
    this.#touched.clear();
    this.records.length = 0;
    this.#publishedInBatch = 0;
  }
}
