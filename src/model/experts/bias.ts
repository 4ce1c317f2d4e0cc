/**
 * Mean, item bias and user level: the second baseline [Koren10, sec. 2.1, in closed form with damping].
 *
 *   b_i  = Σ w (y - ȳ - l_u) / (λ_i + Σ w)          item bias
 *   a_u  = Σ w (y - ȳ - b_i) / (λ_u + Σ w)          long level
 *   l_u  = (Σ γ^age w (y - ȳ - b_i) + c a_u) / (Σ γ^age w + c)   the level as it is lately
 *   ŷ    = ȳ + b_i + l_u
 *
 * with ȳ, b, l as they were when each rating came. λ are `itemDamping` and `userDamping`, γ `recentDecayRatio`, c
 * `recentDamping`: people rate in moods and sessions, and the recent level follows them.
 * Unknown user or item: its term is 0. Nothing random.
 * Departure from the paper: sums of residuals as they came instead of a joint least-squares fit, so that an item's
 * state adds up over tasks and a rating can be taken out again.
 */
import { quantizeResidual, type Slot } from '../history.ts';
import type { ItemContribution } from '../item-contribution.ts';
import type { Moment } from '../moment.ts';
import { itemField, userField } from '../row-layout.ts';
import type { LearnerSettings } from '../settings.ts';
import type { Expert } from './expert.ts';

export class BiasExpert implements Expert {
  readonly name = 'bias';
  readonly #settings: LearnerSettings;
  readonly #own: ItemContribution;

  constructor(settings: LearnerSettings, own: ItemContribution) {
    this.#settings = settings;
    this.#own = own;
  }

  predict(moment: Moment): number {
    const { k, recentDamping } = this.#settings;
    const fields = moment.userAt + k;
    const { user } = moment;
    moment.itemBias = this.itemBias(moment.item);
    moment.longLevel =
      user[fields + userField.longSum]! / (user[fields + userField.longCount]! + this.#settings.userDamping);
    const recentSum = user[fields + userField.recentSum]!;
    const recentCount = user[fields + userField.recentCount]!;
    moment.recentLevel = recentSum / (recentCount + 1);
    moment.userBias = (recentSum + recentDamping * moment.longLevel) / (recentCount + recentDamping);
    return moment.mean + moment.itemBias + moment.userBias;
  }

  /** Bias of an item from its summed row. */
  itemBias(item: Float32Array): number {
    const { k, itemDamping } = this.#settings;
    return item[k + itemField.residualSum]! / (item[k + itemField.weightSum]! + itemDamping);
  }

  learn(moment: Moment, rating: number): void {
    moment.userResidual = quantizeResidual(rating - moment.mean - moment.itemBias);
    moment.itemResidual = quantizeResidual(rating - moment.mean - moment.userBias);
    const { user, weight } = moment;
    const fields = moment.userAt + this.#settings.k;
    const decay = this.#settings.recentDecayRatio;
    addTo(user, fields + userField.longSum, weight * moment.userResidual);
    addTo(user, fields + userField.longCount, weight);
    user[fields + userField.recentSum] = user[fields + userField.recentSum]! * decay + weight * moment.userResidual;
    user[fields + userField.recentCount] = user[fields + userField.recentCount]! * decay + weight;
    this.#addToItem(moment.itemRow, weight * moment.itemResidual, weight);
  }

  /** Takes a remembered rating out of both sums. `age`: how many of the user's ratings came after it. */
  withdraw(user: Float32Array, userAt: number, entry: Readonly<Slot>, age: number): void {
    const fields = userAt + this.#settings.k;
    const faded = entry.weight * Math.pow(this.#settings.recentDecayRatio, age);
    takeOut(user, fields + userField.longSum, fields + userField.longCount, entry.userResidual, entry.weight);
    takeOut(user, fields + userField.recentSum, fields + userField.recentCount, entry.userResidual, faded);
    this.#addToItem(entry.itemRow, -entry.weight * entry.itemResidual, -entry.weight);
  }

  #addToItem(itemRow: number, residual: number, weight: number): void {
    const own = this.#own.touch(itemRow);
    const fields = this.#own.at(itemRow) + this.#settings.k;
    addTo(own, fields + itemField.residualSum, residual);
    addTo(own, fields + itemField.weightSum, weight);
  }
}

function addTo(cells: Float32Array, at: number, value: number): void {
  cells[at] = cells[at]! + value;
}

/** Removes `weight * value` from a weighted sum; a sum of nothing is exactly nothing. */
function takeOut(cells: Float32Array, sumAt: number, countAt: number, value: number, weight: number): void {
  const left = cells[countAt]! - weight;
  if (left > 1e-6) {
    cells[sumAt] = cells[sumAt]! - weight * value;
    cells[countAt] = left;
  } else {
    cells[sumAt] = 0;
    cells[countAt] = 0;
  }
}
