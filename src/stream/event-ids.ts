/**
 * Event ids of the last 100,000 events of a partition, so that an event sent twice is learned once, also across a
 * restart. Each checkpoint stores the ids that came since the last one under one key; a stored group is deleted once all
 * of its ids are out of the window.
 */
import type { StateChange } from '../ports/transport.ts';
import { eventIdsKey } from './keys.ts';

export const eventIdWindow = 100_000;

/** As stored: the position of the group's last event, then position and id of each. */
type StoredGroup = readonly (readonly [sequence: number, eventId: string])[];

export class EventIds {
  /** Position among the partition's events at which an id was last seen; oldest first. */
  readonly #seen = new Map<string, number>();
  #sequence = 0;
  #settledSequence = 0;
  #pending: { readonly id: string; readonly sequence: number; readonly before: number | undefined }[] = [];
  readonly #groups: { readonly key: string; readonly last: number }[] = [];

  /** Events of the partition so far. */
  get sequence(): number {
    return this.#sequence;
  }

  isDuplicate(eventId: string): boolean {
    const at = this.#seen.get(eventId);
    return at !== undefined && this.#sequence - at < eventIdWindow;
  }

  /** Counts one event; remembers its id if it has one. */
  add(eventId: string | null): void {
    const sequence = this.#sequence++;
    if (eventId === null) return;
    const before = this.#seen.get(eventId);
    if (before !== undefined) this.#seen.delete(eventId);
    this.#seen.set(eventId, sequence);
    this.#pending.push({ id: eventId, sequence, before });
  }

  /** What the next checkpoint has to store. Changes nothing. */
  changes(): StateChange[] {
    const changes: StateChange[] = this.#expiredGroups().map(({ key }) => ({ key, value: null }));
    const group = this.#pendingGroup();
    if (group !== null) {
      const stored: StoredGroup = this.#pending.map(({ id, sequence }) => [sequence, id]);
      changes.push({ key: group.key, value: new TextEncoder().encode(JSON.stringify(stored)) });
    }
    return changes;
  }

  settle(): void {
    this.#groups.splice(0, this.#expiredGroups().length);
    const group = this.#pendingGroup();
    if (group !== null) this.#groups.push(group);
    this.#pending = [];
    this.#settledSequence = this.#sequence;
    for (const [id, sequence] of this.#seen) {
      if (this.#sequence - sequence < eventIdWindow) break;
      this.#seen.delete(id);
    }
  }

  rollBack(): void {
    for (const { id, before } of this.#pending.toReversed()) {
      if (before === undefined) this.#seen.delete(id);
      else this.#seen.set(id, before);
    }
    this.#pending = [];
    this.#sequence = this.#settledSequence;
  }

  /** Restoring: one stored group. In any order; call `restored` after the last. */
  restoreGroup(key: string, value: Uint8Array): void {
    const group = JSON.parse(new TextDecoder().decode(value)) as StoredGroup;
    for (const [sequence, id] of group) {
      if (sequence > (this.#seen.get(id) ?? -1)) this.#seen.set(id, sequence);
    }
    this.#groups.push({ key, last: group.at(-1)?.[0] ?? 0 });
  }

  restored(sequence: number): void {
    this.#sequence = sequence;
    this.#settledSequence = sequence;
    this.#groups.sort((a, b) => a.last - b.last);
    const ordered = [...this.#seen].sort((a, b) => a[1] - b[1]);
    this.#seen.clear();
    for (const [id, at] of ordered) this.#seen.set(id, at);
  }

  /** The ids of this batch as a group to be stored; null when there are none. */
  #pendingGroup(): { readonly key: string; readonly last: number } | null {
    const [first] = this.#pending;
    const last = this.#pending.at(-1);
    return first && last ? { key: eventIdsKey(first.sequence), last: last.sequence } : null;
  }

  #expiredGroups(): { readonly key: string; readonly last: number }[] {
    const fresh = this.#groups.findIndex(({ last }) => this.#sequence - last < eventIdWindow);
    return fresh < 0 ? this.#groups.slice() : this.#groups.slice(0, fresh);
  }
}
