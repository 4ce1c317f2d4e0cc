/** What the epochs of a network over users and items are judged by. */
import { splitRandomly } from './split.ts';
import { partOf, type RatingsWindow } from './window.ts';

export interface Parts {
  readonly train: RatingsWindow;
  readonly validation: RatingsWindow;
}

/** Of the training part: with less of them known ratings say little about when to stop. */
const enoughRatio = 0.04;
const drawnRatio = 0.05;

/**
 * Of ratings of users and items that the training part does not have a network knows nothing, whatever its weights are: they
 * cannot say when to stop. Where those of known ones are few, as in the latest ratings of a stream whose users come and go, some
 * ratings of the training part are drawn in their place.
 */
export function judgedBy(train: RatingsWindow, validation: RatingsWindow, seed: number): Parts {
  const users = new Set(train.users);
  const items = new Set(train.items);
  const places = Array.from(validation.ratings.keys()).filter(
    (n) => users.has(validation.users[n]!) && items.has(validation.items[n]!),
  );
  if (places.length >= enoughRatio * train.ratings.length) return { train, validation: partOf(validation, places) };
  const { rest, heldOut } = splitRandomly(train, drawnRatio, seed);
  return { train: rest, validation: heldOut };
}
