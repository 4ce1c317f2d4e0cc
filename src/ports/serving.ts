/** What a running worker answers. Called by adapters/http; implemented by stream/. Nothing here changes state. */
import type { Prediction } from './events.ts';

export interface Recommendation {
  readonly itemId: string;
  /** Predicted rating in the user's scale. */
  readonly prediction: number;
}

export interface Serving {
  /** Answers for any pair of ids, known or not. */
  predict(userId: string, itemId: string): Prediction;
  /** The best `count` items that the user has not rated, best first; popular and well-rated ones for an unknown user. */
  recommend(userId: string, count: number): Recommendation[];
  /** Which partition's task holds a user. */
  partitionOf(userId: string): number;
  readiness(): Readiness;
}

export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'not-ready'; readonly reason: string };
