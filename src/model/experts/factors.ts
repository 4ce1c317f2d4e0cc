/**
 * Biased matrix factorization by incremental SGD with experience replay.
 *
 *   ŷ = ȳ + b_i + l_u + p_u·q_i
 *   e = y - ŷ;  p_u += η_u (e q_i - λ p_u);  q_i += η_i (e p_u - λ q_i)          [Koren09]
 *   η = max(η_floor, η_0 / (1 + n / n_half)),  n the row's own count of ratings
 *
 * p_u, q_i: k cells of the user's and the item's row; η_0, η_floor, n_half, λ: `learningRate`, `learningRateFloor`,
 * `learningRateHalfCount`, `regularization`. ȳ, b, l come from the bias expert and are not trained here.
 * After its own step each event relearns `replays` of the user's latest `replayWindow` ratings: they are still what the
 * user is about, and their items were mostly touched in the same checkpoint, so that replay hardly grows the changelog.
 * Unknown user or item: the interaction is 0. Both rows start from small values drawn from the hash of their id and the
 * seed; which ratings are replayed depends on the user's own count: the same stream gives the same bits.
 * Departure from the paper: biases are not part of the SGD.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { emptySlot, type History } from '../history.ts';
import type { ItemContribution, ItemTable } from '../item-table.ts';
import type { Moment } from '../moment.ts';
import { itemField, userField } from '../row-layout.ts';
import { mix } from '../seeded.ts';
import type { LearnerSettings } from '../settings.ts';
import type { BiasExpert } from './bias.ts';
import type { Expert } from './expert.ts';

export class FactorsExpert implements Expert {
  readonly name = 'factors';
  readonly #settings: LearnerSettings;
  readonly #kernel: Kernel;
  readonly #items: ItemTable;
  readonly #own: ItemContribution;
  readonly #history: History;
  readonly #bias: BiasExpert;
  readonly #slot = emptySlot();
  readonly #pastItem: Float32Array;

  constructor(
    settings: LearnerSettings,
    kernel: Kernel,
    items: ItemTable,
    own: ItemContribution,
    history: History,
    bias: BiasExpert,
  ) {
    this.#settings = settings;
    this.#kernel = kernel;
    this.#items = items;
    this.#own = own;
    this.#history = history;
    this.#bias = bias;
    this.#pastItem = new Float32Array(items.cells);
  }

  predict(moment: Moment): number {
    const { k } = this.#settings;
    moment.interaction =
      moment.knownUser && moment.knownItem ? this.#kernel.dot(moment.user, moment.userAt, moment.item, 0, k) : 0;
    moment.factorsAnswer = moment.mean + moment.itemBias + moment.userBias + moment.interaction;
    return moment.factorsAnswer;
  }

  learn(moment: Moment, rating: number): void {
    const residual = rating - moment.mean - moment.itemBias - moment.userBias;
    this.#step(moment, moment.itemRow, moment.item, residual, moment.weight);
  }

  /** Relearns some of the user's former ratings. `head`: the user's history as it was before this event. */
  replay(moment: Moment, head: number): void {
    const { k, replays, replayWindow } = this.#settings;
    const sequence = moment.user[moment.userAt + k + userField.sequence]!;
    const window = Math.min(sequence, replayWindow, this.#history.limit);
    if (window === 0) return;
    const slot = this.#slot;
    for (let r = 0; r < replays; r++) {
      const back = 1 + (mix(Math.imul(sequence + 1, 0x9e3779b9) + r) % window);
      if (!this.#history.read(head, (sequence - back) % this.#history.limit, slot)) continue;
      this.#items.read(slot.itemRow, this.#pastItem);
      const residual = slot.rating - moment.mean - this.#bias.itemBias(this.#pastItem) - moment.longLevel;
      this.#step(moment, slot.itemRow, this.#pastItem, residual, slot.weight);
    }
  }

  #step(moment: Moment, itemRow: number, item: Float32Array, residual: number, weight: number): void {
    const { k, regularization } = this.#settings;
    const own = this.#own.touch(itemRow);
    this.#kernel.sgdStep(
      moment.user,
      moment.userAt,
      item,
      0,
      own,
      this.#own.at(itemRow),
      k,
      residual,
      this.#rate(moment.user[moment.userAt + k + userField.longCount]!) * Math.min(weight, 1),
      this.#rate(item[k + itemField.weightSum]!) * Math.min(weight, 1),
      regularization,
    );
  }

  #rate(count: number): number {
    const { learningRate, learningRateFloor, learningRateHalfCount } = this.#settings;
    const rate = learningRate / (1 + Math.max(0, count) / learningRateHalfCount);
    return rate > learningRateFloor ? rate : learningRateFloor;
  }
}
