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
import type { Block } from '../../kernel/row-memory.ts';
import { emptySlot, type History } from '../history.ts';
import type { ItemContribution } from '../item-contribution.ts';
import type { ItemTable } from '../item-table.ts';
import type { Moment } from '../moment.ts';
import { itemField, userField } from '../row-layout.ts';
import { mix } from '../../kernel/seeded.ts';
import type { LearnerSettings } from '../settings.ts';
import type { Expert } from './expert.ts';

export class FactorsExpert implements Expert {
  readonly name = 'factors';
  readonly #settings: LearnerSettings;
  readonly #kernel: Kernel;
  readonly #items: ItemTable;
  readonly #own: ItemContribution;
  readonly #history: History;
  readonly #slot = emptySlot();
  /** Ratings to learn again: four cells each, as `Kernel.replay` takes them. */
  readonly #entries: Block;
  /** Sums of items that several tasks contribute to, one for each entry. */
  readonly #spare: Block;

  constructor(settings: LearnerSettings, items: ItemTable, own: ItemContribution, history: History) {
    this.#settings = settings;
    this.#kernel = items.kernel;
    this.#items = items;
    this.#own = own;
    this.#history = history;
    this.#entries = items.kernel.memory.allocate(4 * settings.replays);
    this.#spare = items.kernel.memory.allocate(settings.replays * items.cells);
  }

  predict(moment: Moment): number {
    const { k } = this.#settings;
    moment.interaction =
      moment.knownUser && moment.knownItem ? this.#kernel.dot(moment.userAddress, moment.itemAddress, k) : 0;
    moment.factorsAnswer = moment.mean + moment.itemBias + moment.userBias + moment.interaction;
    return moment.factorsAnswer;
  }

  learn(moment: Moment, rating: number): void {
    const residual = rating - moment.mean - moment.itemBias - moment.userBias;
    const { k, regularization } = this.#settings;
    const { item, user, userAt, itemRow } = moment;
    const weight = Math.min(moment.weight, 1);
    this.#own.touch(itemRow);
    this.#kernel.sgdStep(
      moment.userAddress,
      moment.itemAddress,
      this.#own.address(itemRow),
      k,
      residual,
      this.#rate(user[userAt + k + userField.longCount]!) * weight,
      this.#rate(item[k + itemField.weightSum]!) * weight,
      regularization,
    );
  }

  /** Relearns some of the user's former ratings. `head`: the user's history as it was before this event. */
  replay(moment: Moment, head: number): void {
    const { k, replays, replayWindow } = this.#settings;
    const sequence = moment.user[moment.userAt + k + userField.sequence]!;
    const window = Math.min(sequence, replayWindow, this.#history.limit);
    if (window === 0) return;
    const slot = this.#slot;
    const { words, floats } = this.#entries;
    let n = 0;
    for (let r = 0; r < replays; r++) {
      const back = 1 + (mix(Math.imul(sequence + 1, 0x9e3779b9) + r) % window);
      if (!this.#history.read(head, (sequence - back) % this.#history.limit, slot)) continue;
      this.#own.touch(slot.itemRow);
      words[4 * n] = this.#items.restBeside(this.#own, slot.itemRow, this.#spare.address + n * this.#items.cells);
      words[4 * n + 1] = this.#own.address(slot.itemRow);
      floats[4 * n + 2] = slot.rating;
      floats[4 * n + 3] = slot.weight;
      n++;
    }
    const { learningRate, learningRateFloor, learningRateHalfCount } = this.#settings;
    this.#kernel.replay(
      moment.userAddress,
      this.#entries.address,
      n,
      k,
      moment.mean + moment.longLevel,
      this.#settings.itemDamping,
      this.#rate(moment.user[moment.userAt + k + userField.longCount]!),
      learningRate,
      learningRateFloor,
      learningRateHalfCount,
      this.#settings.regularization,
    );
  }

  release(): void {
    this.#kernel.memory.release(this.#entries);
    this.#kernel.memory.release(this.#spare);
  }

  #rate(count: number): number {
    const { learningRate, learningRateFloor, learningRateHalfCount } = this.#settings;
    const rate = learningRate / (1 + Math.max(0, count) / learningRateHalfCount);
    return rate > learningRateFloor ? rate : learningRateFloor;
  }
}
