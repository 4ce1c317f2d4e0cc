/** The ratings that networks are trained on, by column, and how files and splits make such windows. */
import { toInner } from '../model/scale.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';

/** Ratings in time order on the inner 1..5 scale (model/scale.ts); users and items are dense numbers. */
export interface RatingsWindow {
  /** By rating: index into `userIds`. */
  readonly users: Int32Array;
  readonly items: Int32Array;
  readonly ratings: Float32Array;
  /** Since 1970, ascending. */
  readonly seconds: Uint32Array;
  /** Outside ids. Parts of one window share them, so an id may have no rating in a part. */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
}

/** Of the ratings of a pair the last one counts. */
export const windowOf = (table: RatingsTable): RatingsWindow => lastOfEachPair(windowsOver(table)[0]);

/** A table of the first `n` ratings. */
export const firstOf = (table: RatingsTable, n: number): RatingsTable => ({
  ...table,
  userIndex: table.userIndex.subarray(0, n),
  itemIndex: table.itemIndex.subarray(0, n),
  ratings: table.ratings.subarray(0, n),
  ratedAtMs: table.ratedAtMs.subarray(0, n),
});

/** Windows with the same dense numbers for the same ids, as for a training file and its test file. Nothing is left out. */
export function windowsOver<Tables extends readonly RatingsTable[]>(
  ...tables: Tables
): { readonly [K in keyof Tables]: RatingsWindow } {
  const users = numbering();
  const items = numbering();
  const columns = tables.map((table) => {
    const userNumbers = table.users.map(users.of);
    const itemNumbers = table.items.map(items.of);
    return {
      users: Int32Array.from(table.userIndex, (user) => userNumbers[user]!),
      items: Int32Array.from(table.itemIndex, (item) => itemNumbers[item]!),
      ratings: Float32Array.from(table.ratings, (rating) => toInner(table.scale, rating)),
      seconds: Uint32Array.from(table.ratedAtMs, (ms) => Math.floor(ms / 1000)),
    };
  });
  const windows = columns.map((column) => ({ ...column, userIds: users.ids, itemIds: items.ids }));
  return windows as { [K in keyof Tables]: RatingsWindow };
}

/** Only the last rating of each pair of user and item, still in time order. */
export function lastOfEachPair(window: RatingsWindow): RatingsWindow {
  const { users, items } = window;
  const seen = new Set<number>();
  const kept: number[] = [];
  for (let at = users.length - 1; at >= 0; at--) {
    const pair = users[at]! * window.itemIds.length + items[at]!;
    if (seen.has(pair)) continue;
    seen.add(pair);
    kept.push(at);
  }
  return kept.length === users.length ? window : partOf(window, kept.reverse());
}

/** Without ids that have no rating. */
export function compacted(window: RatingsWindow): RatingsWindow {
  const only = (rows: Int32Array, ids: readonly string[]) => {
    const { ids: kept, of } = numbering();
    return { rows: rows.map((row) => of(ids[row]!)), ids: kept };
  };
  const users = only(window.users, window.userIds);
  const items = only(window.items, window.itemIds);
  return { ...window, users: users.rows, items: items.rows, userIds: users.ids, itemIds: items.ids };
}

/** The ratings at these places, in the order given; ids stay as they are. */
export function partOf(window: RatingsWindow, places: ArrayLike<number>): RatingsWindow {
  const take = <T extends Int32Array | Float32Array | Uint32Array>(out: T, from: T): T => {
    for (let n = 0; n < out.length; n++) out[n] = from[places[n]!]!;
    return out;
  };
  const { length } = places;
  return {
    users: take(new Int32Array(length), window.users),
    items: take(new Int32Array(length), window.items),
    ratings: take(new Float32Array(length), window.ratings),
    seconds: take(new Uint32Array(length), window.seconds),
    userIds: window.userIds,
    itemIds: window.itemIds,
  };
}

export interface LaterRating {
  readonly userId: string;
  readonly itemId: string;
  /** On the inner scale. */
  readonly rating: number;
  readonly seconds: number;
}

/** A window and what came after it, over the same ids; the ratings that came after stay in their order. */
export function followedBy(
  window: RatingsWindow,
  later: readonly LaterRating[],
): { readonly window: RatingsWindow; readonly next: RatingsWindow } {
  const [users, items] = [numbering(window.userIds), numbering(window.itemIds)];
  const next = {
    users: Int32Array.from(later, ({ userId }) => users.of(userId)),
    items: Int32Array.from(later, ({ itemId }) => items.of(itemId)),
    ratings: Float32Array.from(later, ({ rating }) => rating),
    seconds: Uint32Array.from(later, ({ seconds }) => seconds),
  };
  const ids = { userIds: users.ids, itemIds: items.ids };
  return { window: { ...window, ...ids }, next: { ...next, ...ids } };
}

function numbering(known: readonly string[] = []) {
  const ids: string[] = [...known];
  const numbers = new Map(known.map((id, number) => [id, number]));
  return {
    ids,
    of: (id: string): number => {
      const known = numbers.get(id);
      if (known !== undefined) return known;
      numbers.set(id, ids.length);
      return ids.push(id) - 1;
    },
  };
}
