/** What a user is remembered by: the latest ratings, in a ring of slots. */
import type { Slot } from './history.ts';
import type { UserTable } from './user-table.ts';

/** Seconds of the user's newest remembered rating, or -1. */
export function newestSecondsOf(users: UserTable, userRow: number): number {
  const kept = users.newestSeconds(userRow);
  if (kept > 0) return kept;
  const { history } = users;
  const head = users.head(userRow);
  const sequence = users.sequence(userRow);
  const oldest = Math.max(0, sequence - history.limit);
  for (let s = sequence - 1; s >= oldest; s--) {
    const seconds = history.secondsOf(head, s % history.limit);
    if (seconds >= 0) return seconds;
  }
  return -1;
}

/** Visits the remembered ratings of a user, latest first, each in `slot`: copy what you keep. */
export function forEachRememberedOf(
  users: UserTable,
  userRow: number,
  slot: Slot,
  visit: (slot: Readonly<Slot>) => void,
): void {
  const { history } = users;
  const sequence = users.sequence(userRow);
  for (let s = sequence - 1; s >= Math.max(0, sequence - history.limit); s--) {
    if (history.read(users.head(userRow), s % history.limit, slot)) visit(slot);
  }
}

/** In the place of the oldest, once the ring is full. */
export function remember(users: UserTable, userRow: number, slot: Readonly<Slot>): void {
  const sequence = users.sequence(userRow);
  const { history } = users;
  users.setHead(userRow, history.write(userRow, users.head(userRow), sequence % history.limit, slot));
  users.setSequence(userRow, sequence + 1);
  users.setNewestSeconds(userRow, slot.seconds);
}
