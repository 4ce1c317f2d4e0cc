/** The levels of a rating that softmax units have: the ratings that there are, or ranges of them when there are too many. */
export interface Levels {
  /** Mean rating of each, ascending. */
  readonly values: readonly number[];
  /** Parts of all ratings. */
  readonly shares: readonly number[];
  of(rating: number): number;
}

/** Half-star scales and those of 1 to 10 have as many as that. */
const most = 10;

export function levelsOf(ratings: Float32Array): Levels {
  const sorted = ratings.slice().sort();
  const distinct = [...new Set(sorted)];
  const ranges = Array.from({ length: most }, (_, l) => sorted[Math.floor((l * sorted.length) / most)]!);
  /** Where each level begins. */
  const starts = distinct.length <= most ? distinct : [...new Set(ranges)];
  const of = (rating: number): number => {
    let level = 0;
    while (level + 1 < starts.length && rating >= starts[level + 1]!) level++;
    return level;
  };
  const sums = starts.map(() => 0);
  const counts = starts.map(() => 0);
  for (const rating of ratings) {
    const level = of(rating);
    sums[level] = sums[level]! + rating;
    counts[level] = counts[level]! + 1;
  }
  return {
    of,
    values: sums.map((sum, level) => sum / counts[level]!),
    shares: counts.map((count) => count / ratings.length),
  };
}
