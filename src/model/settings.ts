/**
 * The learner's numbers. One default serves every stream; they were chosen on ML-latest-small and the first 30 % of
 * ML-100K, and nowhere else (docs/decisions/0003-online-learner.md has the measurements).
 */
export interface LearnerSettings {
  /** Factors a row. */
  readonly k: number;
  /** Fixes the initial factors of every id. */
  readonly seed: number;
  /** What the learner does for each rating, to begin with. */
  readonly effort: Effort;
  /** Ratings remembered for each user. */
  readonly historyLimit: number;
  /**
   * Signs of a user, and sums of an item, that tell which items are rated by the same people: a multiple of 32. 0: there are
   * none, and no user posterior.
   */
  readonly sketchWidth: number;
  /** The posterior looks at so many of the user's latest ratings, and at so many of the most similar items before them. */
  readonly recentRatings: number;
  readonly similarRatings: number;
  /** Past ratings of the user relearned at each event, drawn from the latest `replayWindow`. */
  readonly replays: number;
  readonly replayWindow: number;
  /** Ratings of average worth that an item bias, or a user level, starts with. */
  readonly itemDamping: number;
  readonly userDamping: number;
  /** What one further rating leaves of a recent level's weight. */
  readonly recentDecayRatio: number;
  /** Weight of the long level inside the recent one. */
  readonly recentDamping: number;
  /** A longer pause begins a new session. */
  readonly sessionGapSeconds: number;
  /** SGD: first step, its floor, and the count at which it has halved. */
  readonly learningRate: number;
  readonly learningRateFloor: number;
  readonly learningRateHalfCount: number;
  readonly regularization: number;
  /** Standard deviation of initial factors, times the square root of k. */
  readonly initialDeviation: number;
  /** Stack: ridge on plain inputs and on products with the context; what one event leaves of the former sums. */
  readonly ridge: number;
  readonly contextRidge: number;
  readonly stackDecayRatio: number;
}

/**
 * What is done for each rating. `fast`: no replay, no context in the stack; `balanced`: both; `full`: the user posterior, too,
 * which needs sketches. Each uses the first of the next one's inputs of the stack, and all learn the same sums.
 */
export type Effort = 'fast' | 'balanced' | 'full';
export const efforts = ['fast', 'balanced', 'full'] as const satisfies readonly Effort[];

export const defaultSettings: LearnerSettings = {
  k: 32,
  seed: 1,
  effort: 'balanced',
  historyLimit: 128,
  sketchWidth: 0,
  recentRatings: 20,
  similarRatings: 40,
  replays: 8,
  replayWindow: 16,
  itemDamping: 6,
  userDamping: 6,
  recentDecayRatio: 0.85,
  recentDamping: 8,
  sessionGapSeconds: 1800,
  learningRate: 0.06,
  learningRateFloor: 0.01,
  learningRateHalfCount: 40,
  regularization: 0.1,
  initialDeviation: 0.2,
  ridge: 3,
  contextRidge: 12,
  stackDecayRatio: 0.9999,
};

/** With what full effort needs of an item and a user: what that takes of memory and time is in docs/decisions. */
export const withPosterior = (settings: LearnerSettings): LearnerSettings => ({
  ...settings,
  effort: 'full',
  sketchWidth: 256,
  historyLimit: 256,
});
