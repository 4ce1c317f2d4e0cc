/**
 * How the networks of a task do on its ratings, since they were put in their places: each of them by itself, and the one in
 * the shadow against the one that serves. Errors are on the inner scale. A failed batch is taken back.
 */
import type { Answer } from '../model/answer.ts';
import { Blocks } from '../model/confidence.ts';
import type { Drift } from '../model/drift.ts';

/** Sums of one network. */
export interface LiveErrors {
  readonly ratings: number;
  readonly squared: number;
}

interface KindScore {
  /** Of networkKinds. */
  readonly index: number;
  /** Squared errors of what serves, or of the mean when nothing does, less those of the shadow. */
  readonly differences: Blocks;
  readonly serving: ErrorSum;
  readonly shadow: ErrorSum;
  readonly weight: WeightSum;
  readonly drift: Drift;
}

/** Of `Answer.experts`. */
const meanIndex = 0;
const biasIndex = 1;

export class LiveScore {
  #kinds: readonly KindScore[] = [];

  get isEmpty(): boolean {
    return this.#kinds.length === 0;
  }

  /** Networks of the kind, the index of networkKinds, take their places: what was counted of former ones is dropped. */
  begin(index: number, drift: Drift): void {
    this.end(index);
    const sums = { serving: new ErrorSum(), shadow: new ErrorSum(), weight: new WeightSum() };
    this.#kinds = [...this.#kinds, { index, drift, differences: new Blocks(), ...sums }];
  }

  /** No network of the kind answers any more. */
  end(index: number): void {
    this.#kinds = this.#kinds.filter((kind) => kind.index !== index);
  }

  /** `rating` on the inner scale, `answer` as it was before the rating was learned. */
  add({ networks, networkWeights, shadows, experts }: Answer, rating: number): void {
    for (let i = 0; i < this.#kinds.length; i++) {
      const { index, differences, serving, shadow, weight, drift } = this.#kinds[i]!;
      const ofServing = squaredError(networks[index]!, rating);
      const ofShadow = squaredError(shadows[index]!, rating);
      if (!Number.isNaN(ofServing)) {
        serving.add(ofServing);
        weight.add(networkWeights[index]!);
        drift.add(ofServing - squaredError(experts[biasIndex]!, rating));
      }
      if (Number.isNaN(ofShadow)) continue;
      shadow.add(ofShadow);
      differences.add((Number.isNaN(ofServing) ? squaredError(experts[meanIndex]!, rating) : ofServing) - ofShadow);
    }
  }

  differencesOf(index: number): Blocks | undefined {
    return this.#kinds.find((kind) => kind.index === index)?.differences;
  }

  errorsOf(index: number, role: 'serving' | 'shadow'): LiveErrors | undefined {
    return this.#kinds.find((kind) => kind.index === index)?.[role];
  }

  /** Of the one that serves, over the latest ratings: the sum of its weights in the prediction, and how many they are. */
  weightsOf(index: number): WeightSum | undefined {
    return this.#kinds.find((kind) => kind.index === index)?.weight;
  }

  settle(): void {
    for (const { differences, serving, shadow, weight } of this.#kinds) {
      for (const sums of [differences, serving, shadow, weight]) sums.settle();
    }
  }

  rollBack(): void {
    for (const { differences, serving, shadow, weight } of this.#kinds) {
      for (const sums of [differences, serving, shadow, weight]) sums.rollBack();
    }
  }
}

const squaredError = (answer: number, rating: number): number => (answer - rating) * (answer - rating);

class ErrorSum implements LiveErrors {
  ratings = 0;
  squared = 0;
  #settled = { ratings: 0, squared: 0 };

  add(squaredErrorOfOne: number): void {
    this.ratings++;
    this.squared += squaredErrorOfOne;
  }

  settle(): void {
    this.#settled = { ratings: this.ratings, squared: this.squared };
  }

  rollBack(): void {
    Object.assign(this, this.#settled);
  }
}

/** What one rating leaves of the former ones: the last thousand speak. */
const weightDecayRatio = 0.999;

class WeightSum {
  sum = 0;
  ratings = 0;
  #settled = { sum: 0, ratings: 0 };

  add(weight: number): void {
    this.sum = weightDecayRatio * this.sum + weight;
    this.ratings = weightDecayRatio * this.ratings + 1;
  }

  settle(): void {
    this.#settled = { sum: this.sum, ratings: this.ratings };
  }

  rollBack(): void {
    Object.assign(this, this.#settled);
  }
}
