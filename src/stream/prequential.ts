/**
 * Prequential evaluation: every rating is predicted (clipped to the scale), then learned, in time order. The same
 * learner as in the stream, without the log around it.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { ItemTable } from '../model/item-table.ts';
import { expertNames, Learner } from '../model/learner.ts';
import { toInner, unitsPerInner } from '../model/scale.ts';
import type { LearnerSettings } from '../model/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';

export interface PrequentialError {
  readonly rmse: number;
  readonly mae: number;
}

export interface PrequentialResult {
  readonly ratings: number;
  /** By expert name; `blend` is the published prediction. */
  readonly experts: Readonly<Record<string, PrequentialError>>;
  readonly lastHalf: PrequentialError;
  /** Share of ratings inside their 80 % interval, and its mean width in the user's scale. */
  readonly intervalCoverageRatio: number;
  readonly intervalMeanWidth: number;
  /** Spent on predicting and learning, by compiled code. */
  readonly elapsedMs: number;
}

/**
 * Ratings that a throwaway learner sees before the clock starts, so that compiled code is measured: what is asked is the
 * pace of a worker that runs for days, not of its first seconds.
 */
const warmUpEvents = 50_000;

/** Rows changed between two of these are kept for undo, as in the stream. */
const eventsPerBatch = 1000;

export interface PrequentialProgress {
  /** Called every thousand events with the running error of each expert, in the order of `expertNames`. */
  readonly onBatch?: (events: number, errors: Float64Array) => void;
  /** True stops early. */
  readonly isStopped?: () => boolean;
}

export function prequential(
  table: RatingsTable,
  settings: LearnerSettings,
  kernel: Kernel,
  clock: Clock,
  progress: PrequentialProgress = {},
): PrequentialResult {
  run(table, settings, kernel, Math.min(table.ratings.length, warmUpEvents), {});
  const startMs = clock.monotonicMs();
  const totals = run(table, settings, kernel, table.ratings.length, progress);
  return totals.result(clock.monotonicMs() - startMs);
}

function run(
  table: RatingsTable,
  settings: LearnerSettings,
  kernel: Kernel,
  n: number,
  { onBatch, isStopped }: PrequentialProgress,
): Totals {
  const items = new ItemTable(settings, kernel);
  const learner = new Learner(settings, items);
  const totals = new Totals(unitsPerInner(table.scale));
  for (let event = 0; event < n; event++) {
    const userId = table.users[table.userIndex[event]!]!;
    const itemId = table.items[table.itemIndex[event]!]!;
    const rating = toInner(table.scale, table.ratings[event]!);
    const seconds = Math.floor(table.ratedAtMs[event]! / 1000);
    const answer = learner.predictOne(learner.users.find(userId), items.find(itemId), seconds);
    totals.add(answer.experts, rating, event >= n / 2, answer.low, answer.high);
    learner.learnOne(userId, itemId, rating, seconds, 1);
    if ((event + 1) % eventsPerBatch !== 0) continue;
    learner.settle();
    onBatch?.(event + 1, totals.runningRmse());
    if (isStopped?.() === true) break;
  }
  learner.close();
  items.release();
  return totals;
}

class Totals {
  readonly #units: number;
  readonly #squared = new Float64Array(expertNames.length);
  readonly #absolute = new Float64Array(expertNames.length);
  #events = 0;
  #lastHalf = { squared: 0, absolute: 0, events: 0 };
  #inside = 0;
  #width = 0;

  constructor(units: number) {
    this.#units = units;
  }

  add(answers: Float64Array, rating: number, inLastHalf: boolean, low: number, high: number): void {
    for (let i = 0; i < answers.length; i++) {
      const error = answers[i]! - rating;
      this.#squared[i] = this.#squared[i]! + error * error;
      this.#absolute[i] = this.#absolute[i]! + Math.abs(error);
    }
    this.#events++;
    if (low <= rating && rating <= high) this.#inside++;
    this.#width += high - low;
    if (!inLastHalf) return;
    const error = answers[answers.length - 1]! - rating;
    this.#lastHalf.squared += error * error;
    this.#lastHalf.absolute += Math.abs(error);
    this.#lastHalf.events++;
  }

  runningRmse(): Float64Array {
    return this.#squared.map((squared) => Math.sqrt(squared / this.#events) * this.#units);
  }

  result(elapsedMs: number): PrequentialResult {
    const error = (squared: number, absolute: number, events: number): PrequentialError => ({
      rmse: Math.sqrt(squared / Math.max(1, events)) * this.#units,
      mae: (absolute / Math.max(1, events)) * this.#units,
    });
    const events = this.#events;
    return {
      ratings: events,
      experts: Object.fromEntries(
        expertNames.map((name, i) => [name, error(this.#squared[i]!, this.#absolute[i]!, events)]),
      ),
      lastHalf: error(this.#lastHalf.squared, this.#lastHalf.absolute, this.#lastHalf.events),
      intervalCoverageRatio: this.#inside / Math.max(1, events),
      intervalMeanWidth: (this.#width / Math.max(1, events)) * this.#units,
      elapsedMs,
    };
  }
}
