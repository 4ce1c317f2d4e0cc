import type { Moment } from '../moment.ts';

/**
 * One way to answer. Experts are asked in a fixed order before anyone learns, and learn in the same order; all values
 * are on the inner 1..5 scale and may lie outside it (the learner clips).
 */
export interface Expert {
  readonly name: string;
  /** Changes no state; may leave intermediate values in the moment for the experts after it. */
  predict(moment: Moment): number;
  /** The user's row, the item's contribution and the shared sums may change, and are touched before they do. */
  learn(moment: Moment, rating: number): void;
}
