/**
 * The seed document's split of ratings into training and test, with the promise it makes and does not keep: that every
 * user and every item stays in training.
 */
import type { Matrix } from './seed-data.ts';

/** [user row, item row] */
export type Cell = readonly [number, number];

export interface Split {
  readonly train: Matrix;
  readonly test: Matrix;
  /** Drawn for test, but put back: without them a user or an item would have no rating in training. */
  readonly putBack: readonly Cell[];
  /** Ratings of the training part that nobody may take away any more, because they are a user's or an item's last. */
  readonly lastOnes: readonly Cell[];
}

/** Takes the drawn ratings out of training in their order, except those that are then a user's or an item's last. */
export function splitKeepingEveryone(ratings: Matrix, drawnForTest: readonly Cell[]): Split {
  const train = ratings.map((row) => [...row]);
  const test = ratings.map((row) => row.map(() => 0));
  const putBack: Cell[] = [];
  for (const cell of drawnForTest) {
    const [user, item] = cell;
    if (isLast(train, cell)) putBack.push(cell);
    else {
      test[user]![item] = train[user]![item]!;
      train[user]![item] = 0;
    }
  }
  const cells = train.flatMap((row, user) =>
    row.flatMap((rating, item) => (rating > 0 ? [[user, item] as const] : [])),
  );
  return { train, test, putBack, lastOnes: cells.filter((cell) => isLast(train, cell)) };
}

function isLast(train: Matrix, [user, item]: Cell): boolean {
  const ofUser = train[user]!.filter((rating) => rating > 0).length;
  const ofItem = train.filter((row) => row[item]! > 0).length;
  return ofUser === 1 || ofItem === 1;
}

/** Predictions where the test part has a rating, 0 elsewhere. */
export const onlyTested = (predictions: Matrix, test: Matrix): Matrix =>
  predictions.map((row, user) => row.map((prediction, item) => (test[user]![item]! > 0 ? prediction : 0)));

/** Root mean squared error over the cells that the test part has; NaN when it has none. */
export function testRmse(predictions: Matrix, test: Matrix): number {
  const squares = test.flatMap((row, user) =>
    row.flatMap((rating, item) => (rating > 0 ? [(rating - predictions[user]![item]!) ** 2] : [])),
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}
