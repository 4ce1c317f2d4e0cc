/**
 * Prequential evaluation: every rating is predicted (clipped to the scale), then learned, in time order. The same
 * learner as in the stream, without the log around it.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { expertNames, type Answer } from '../model/answer.ts';
import { isInside } from '../model/interval.ts';
import { unitsPerInner } from '../model/scale.ts';
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import type { Network } from '../model/networks/network.ts';
import type { LearnerSettings } from '../model/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';
import { ratingOf, ReplayedLearner } from './replayed.ts';

export interface PrequentialError {
  readonly rmse: number;
  readonly mae: number;
}

export interface PrequentialResult {
  readonly ratings: number;
  /** By expert name; `blend` is the published prediction. */
  readonly experts: Readonly<Record<string, PrequentialError>>;
  /** Of the networks that served, over the ratings that they answered; the blend's over the same ones. */
  readonly networks: Readonly<
    Partial<Record<NetworkKind, PrequentialError & { readonly blendRmse: number; readonly ratings: number }>>
  >;
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

/** Networks that are trained again and again on what came before. */
export interface Retraining {
  /** After how many events each time; a multiple of a thousand. */
  readonly everyEvents: number;
  /** Trained on the first `events` of the table, and on nothing else; they serve from there on. */
  networksAt(events: number): Promise<readonly Network[]>;
}

export interface PrequentialProgress {
  /** Called every thousand events with the running error of each expert, in the order of `expertNames`. */
  readonly onBatch?: (events: number, errors: Float64Array) => void;
  /** True stops early. */
  readonly isStopped?: () => boolean;
}

export async function prequential(
  table: RatingsTable,
  settings: LearnerSettings,
  kernel: Kernel,
  clock: Clock,
  progress: PrequentialProgress = {},
  retraining?: Retraining,
): Promise<PrequentialResult> {
  const warmUp = new Run(table, settings, kernel);
  warmUp.upTo(Math.min(table.ratings.length, warmUpEvents), {});
  warmUp.close();
  const evaluated = new Run(table, settings, kernel);
  const n = table.ratings.length;
  const everyEvents = retraining?.everyEvents ?? n;
  let elapsedMs = 0;
  try {
    for (let events = 0; events < n && progress.isStopped?.() !== true;) {
      if (events > 0 && retraining !== undefined) evaluated.serve(await retraining.networksAt(events));
      events = Math.min(n, events + everyEvents);
      const startMs = clock.monotonicMs();
      evaluated.upTo(events, progress);
      elapsedMs += clock.monotonicMs() - startMs;
    }
  } finally {
    evaluated.close();
  }
  return evaluated.totals.result(elapsedMs);
}

class Run {
  readonly totals: Totals;
  readonly #table: RatingsTable;
  readonly #replayed: ReplayedLearner;
  #event = 0;

  constructor(table: RatingsTable, settings: LearnerSettings, kernel: Kernel) {
    this.#table = table;
    this.#replayed = new ReplayedLearner(settings, kernel);
    this.totals = new Totals(unitsPerInner(table.scale), table.ratings.length);
  }

  /** Goes on to the n-th event. */
  upTo(n: number, { onBatch, isStopped }: PrequentialProgress): void {
    const table = this.#table;
    const { learner, items } = this.#replayed;
    while (this.#event < n) {
      const { userId, itemId, rating, seconds, weight } = ratingOf(table, this.#event++);
      this.totals.add(learner.predictOne(learner.users.find(userId), items.find(itemId), seconds), rating);
      learner.learnOne(userId, itemId, rating, seconds, weight);
      if (!this.#replayed.taken()) continue;
      onBatch?.(this.#event, this.totals.runningRmse());
      if (isStopped?.() === true) break;
    }
  }

  serve(networks: readonly Network[]): void {
    for (const network of networks) this.#replayed.serve(network);
  }

  close(): void {
    this.#replayed.close();
  }
}

class Totals {
  readonly #units: number;
  readonly #squared = new Float64Array(expertNames.length);
  readonly #absolute = new Float64Array(expertNames.length);
  #events = 0;
  readonly #expected: number;
  readonly #networks = networkKinds.map(() => ({ squared: 0, absolute: 0, online: 0, events: 0 }));
  #lastHalf = { squared: 0, absolute: 0, events: 0 };
  #inside = 0;
  #width = 0;

  constructor(units: number, expected: number) {
    this.#units = units;
    this.#expected = expected;
  }

  add(answer: Answer, rating: number): void {
    const { experts: answers, networks, low, high } = answer;
    const inLastHalf = this.#events >= this.#expected / 2;
    for (let i = 0; i < answers.length; i++) {
      const error = answers[i]! - rating;
      this.#squared[i] = this.#squared[i]! + error * error;
      this.#absolute[i] = this.#absolute[i]! + Math.abs(error);
    }
    this.#events++;
    const blended = (answers[answers.length - 1]! - rating) ** 2;
    for (let i = 0; i < networks.length; i++) {
      if (Number.isNaN(networks[i]!)) continue;
      const error = networks[i]! - rating;
      const sums = this.#networks[i]!;
      sums.squared += error * error;
      sums.absolute += Math.abs(error);
      sums.online += blended;
      sums.events++;
    }
    if (isInside(rating, answer)) this.#inside++;
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
      networks: Object.fromEntries(
        networkKinds.flatMap((kind, i) => {
          const { squared, absolute, online, events } = this.#networks[i]!;
          if (events === 0) return [];
          return [
            [kind, { ...error(squared, absolute, events), blendRmse: error(online, 0, events).rmse, ratings: events }],
          ];
        }),
      ),
      lastHalf: error(this.#lastHalf.squared, this.#lastHalf.absolute, this.#lastHalf.events),
      intervalCoverageRatio: this.#inside / Math.max(1, events),
      intervalMeanWidth: (this.#width / Math.max(1, events)) * this.#units,
      elapsedMs,
    };
  }
}
