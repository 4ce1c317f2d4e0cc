/** The first events of a synthetic stream as a table, with the best possible prediction of each. */
import type { RatingsTable } from '../../ports/ratings-table.ts';
import { halfStarScale } from './half-stars.ts';
import { defaultWorld, ratingStream, type World } from './rating-stream.ts';

export interface SyntheticRatings extends RatingsTable {
  /** Best possible prediction of each rating; its RMSE on these very ratings is the optimum. */
  readonly expected: Float32Array;
}

export function syntheticRatings(world: Partial<World> = {}): SyntheticRatings {
  const full = { ...defaultWorld, ...world };
  const { events } = full;
  const columns = {
    userIndex: new Uint32Array(events),
    itemIndex: new Uint32Array(events),
    ratings: new Float64Array(events),
    ratedAtMs: new Float64Array(events),
    expected: new Float32Array(events),
  };
  let users = 0;
  let items = 0;
  const stream = ratingStream(full);
  for (let event = 0; event < events; event += 1) {
    const { user, item, rating, ratedAtMs, expected } = stream.next().value;
    columns.userIndex[event] = user;
    columns.itemIndex[event] = item;
    columns.ratings[event] = rating;
    columns.ratedAtMs[event] = ratedAtMs;
    columns.expected[event] = expected;
    users = Math.max(users, user + 1);
    items = Math.max(items, item + 1);
  }
  return {
    users: Array.from({ length: users }, (_, index) => userIdOf(index)),
    items: Array.from({ length: items }, (_, index) => itemIdOf(index)),
    ...columns,
    scale: { ...halfStarScale, detected: false },
  };
}

export const userIdOf = (user: number): string => `user-${user + 1}`;
export const itemIdOf = (item: number): string => `item-${item + 1}`;
