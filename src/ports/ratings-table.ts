/** Many ratings at once, by column: what files and generators give, and what evaluation, replay and the demo read. */

/** Ratings in time order; ties in the order in which they came. All columns have one entry a rating. */
export interface RatingsTable {
  /** Outside ids, by user index; each at most 256 bytes of UTF-8, none empty, none twice. */
  readonly users: readonly string[];
  readonly items: readonly string[];
  readonly userIndex: Uint32Array;
  readonly itemIndex: Uint32Array;
  /** In the scale's own units, inside it. */
  readonly ratings: Float64Array;
  /** Milliseconds since 1970, ascending. */
  readonly ratedAtMs: Float64Array;
  readonly scale: TableScale;
}

export interface TableScale {
  readonly lo: number;
  /** Above lo. */
  readonly hi: number;
  /** True when nobody said so, and the smallest and largest rating were taken for the scale. */
  readonly detected: boolean;
}
