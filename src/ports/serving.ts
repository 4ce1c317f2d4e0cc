/** What a running worker answers. Called by adapters/http; implemented by stream/. Nothing here changes state. */
import type { Prediction } from './events.ts';

export interface Recommendation {
  readonly itemId: string;
  /** Predicted rating in the user's scale. */
  readonly prediction: number;
}

export interface RememberedRating {
  readonly itemId: string;
  readonly rating: number;
  readonly ratedAtMs: number;
}

/** What is known of a user; nothing is remembered of an unknown one. */
export interface UserView {
  readonly userId: string;
  readonly isKnown: boolean;
  /** Ratings ever learned, also those that are not remembered any more. */
  readonly ratingsLearned: number;
  /** How far above the mean the user rates lately. */
  readonly level: number;
  /** Latest first. */
  readonly history: readonly RememberedRating[];
}

/**
 * A step from the mean to the prediction: how the user rates lately, how the item is rated, what the two have in common,
 * what the user's latest and most similar ratings and the moment add, what the networks add.
 */
export type ReasonKind = 'user' | 'item' | 'interaction' | 'context' | 'networks';

/** A prediction and why it is what it is: mean and reasons add up to it. */
export interface Explanation extends Prediction {
  /** Those that moved it most first; those that did not move it are left out. */
  readonly reasons: readonly { readonly kind: ReasonKind; readonly moved: number }[];
  /**
   * Ratings of the user that it rests on, those that move it most first. `moved`: by how much it would be another one
   * without the rating, with full effort; otherwise the rating's share in the interaction.
   */
  readonly ratings: readonly (RememberedRating & { readonly moved: number })[];
}

export interface Serving {
  /** Answers for any pair of ids, known or not. */
  predict(userId: string, itemId: string): Prediction;
  /** The same with its reasons. */
  explain(userId: string, itemId: string): Explanation;
  user(userId: string): UserView;
  /** The best `count` items that the user has not rated, best first; popular and well-rated ones for an unknown user. */
  recommend(userId: string, count: number): Recommendation[];
  /** Which partition's task holds a user. */
  partitionOf(userId: string): number;
  readiness(): Readiness;
}

export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'not-ready'; readonly reason: string };
