/** How good answers are: errors in the user's own scale, and how well the ratings of a user are put in order. */
import { clipInner, unitsPerInner, type Scale } from '../model/scale.ts';
import type { RatingsWindow } from './window.ts';

export interface ErrorFigures {
  readonly rmse: number;
  readonly mae: number;
}

export interface Figures extends ErrorFigures {
  /**
   * Mean over users of the share of relevant ones among the first 10 of the user's ratings in the test part, ordered by the
   * answer. Relevant are ratings in the upper quarter of the scale: 4 and 5 of 1..5.
   */
  readonly precisionAt10: number;
  /** The same order, judged by discounted gain over that of the best order; the gain is the rating above the lowest. */
  readonly ndcgAt10: number;
}

const first = 10;
const relevant = 4;

/** Answers are on the inner scale; they are clipped to it. */
export function errorsOf(answers: Float64Array, { ratings }: RatingsWindow, scale: Scale): ErrorFigures {
  let squares = 0;
  let sum = 0;
  for (let n = 0; n < ratings.length; n++) {
    const error = clipInner(answers[n]!) - ratings[n]!;
    squares += error * error;
    sum += Math.abs(error);
  }
  const units = unitsPerInner(scale);
  return { rmse: units * Math.sqrt(squares / ratings.length), mae: (units * sum) / ratings.length };
}

export function figuresOf(answers: Float64Array, window: RatingsWindow, scale: Scale): Figures {
  const byUser = new Map<number, number[]>();
  window.users.forEach((user, n) => {
    const mine = byUser.get(user);
    if (mine === undefined) byUser.set(user, [n]);
    else mine.push(n);
  });
  let precision = 0;
  let gain = 0;
  for (const mine of byUser.values()) {
    const ratings = mine.map((n) => window.ratings[n]!);
    // Ties are broken by the place in the file, which the answer knows nothing of.
    const ordered = [...mine].sort((a, b) => answers[b]! - answers[a]! || a - b).map((n) => window.ratings[n]!);
    const shown = ordered.slice(0, first);
    precision += shown.filter((rating) => rating >= relevant).length / shown.length;
    const best = discounted(ratings.sort((a, b) => b - a));
    gain += best > 0 ? discounted(ordered) / best : 1;
  }
  return {
    ...errorsOf(answers, window, scale),
    precisionAt10: precision / byUser.size,
    ndcgAt10: gain / byUser.size,
  };
}

const discounted = (ratings: readonly number[]): number =>
  ratings.slice(0, first).reduce((sum, rating, place) => sum + (rating - 1) / Math.log2(place + 2), 0);
