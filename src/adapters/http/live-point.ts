/** What the console draws of one moment: the errors of the window, and how fast ratings come. */
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { NetworkStats, WorkerStats } from '../../ports/telemetry.ts';

/** [milliseconds since 1970, predictions since the worker began, ratings waiting, an error for each name]. */
export type LivePoint = readonly (number | null)[];

/** Sums of what the networks of a kind did since they serve, at one moment. */
interface NetworkSums {
  readonly ratings: number;
  readonly squared: number;
}

/** Errors of networks are told since they serve; the chart wants those of the latest ratings, as for the other experts. */
const windowRatings = 10_000;
const momentsMaxCount = 600;
/** An error of fewer says nothing. */
const leastRatings = 1000;

export class NetworkWindows {
  readonly #moments = new Map<NetworkKind, { version: string; sums: NetworkSums[] }>();

  /** RMSE of the kind over about the latest ratings that were seen; null while there is none. */
  rmse(stats: readonly NetworkStats[], kind: NetworkKind): number | null {
    const now = stats.find((one) => one.kind === kind && one.role === 'serving' && one.ratings > 0);
    if (now === undefined) {
      this.#moments.delete(kind);
      return null;
    }
    const { version, ratings } = now;
    const latest = { ratings, squared: ratings * now.rmse ** 2 };
    let moments = this.#moments.get(kind);
    // Another version, or another worker's partitions: what was counted begins anew.
    if (moments?.version !== version || (moments.sums.at(-1)?.ratings ?? 0) > ratings) {
      moments = { version, sums: [{ ratings: 0, squared: 0 }] };
      this.#moments.set(kind, moments);
    }
    const { sums } = moments;
    while (sums.length > 1 && (sums.length > momentsMaxCount || ratings - (sums[1]?.ratings ?? 0) >= windowRatings)) {
      sums.shift();
    }
    const first = sums[0] ?? { ratings: 0, squared: 0 };
    sums.push(latest);
    if (latest.ratings - first.ratings < leastRatings) return null;
    return Math.sqrt(Math.max(0, latest.squared - first.squared) / (latest.ratings - first.ratings));
  }
}

export function pointOf(
  atMs: number,
  stats: WorkerStats,
  waiting: number,
  networks: readonly (number | null)[],
): LivePoint {
  const predictions = stats.partitions.reduce((sum, partition) => sum + partition.predictions, 0);
  return [atMs, predictions, waiting, ...stats.experts.map(({ rmseWindow }) => rmseWindow), ...networks].map(rounded);
}

const rounded = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) ? null : Math.round(value * 10_000) / 10_000;
