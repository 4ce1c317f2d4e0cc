/**
 * Restricted Boltzmann machine over items [Salakhutdinov07, I-RBM]: an item's ratings, of those who rated it, are softmax
 * units over the levels of a rating; hidden units are binary.
 *
 *   P(h_f = 1) = σ(c_f + Σ_u W_{u,l(u),f}),   P(user u gives level l) = softmax_l(a_ul + W_ul·h),   r̂_ui = Σ_l v_l P(l | P(h | item i))
 *
 * l(u): the level of u's rating; v: `level.values`; W, a: `user.kernel`, `user.levels`; P(h | item): `item.hidden`.
 * Levels are the ratings that there are, or ranges with as many ratings each where there are more than ten; v is their mean.
 * Update: one step of contrastive divergence [Hinton02] over batches of items: ΔW = rate (⟨v h⟩ of the data - ⟨v h⟩ after one turn of
 * Gibbs sampling), with momentum and decay; the hidden units of the data are sampled, those after the turn are probabilities.
 * Loss, which is shown and not followed: -ln P of the levels that are there, after that turn.
 * Unknown users and items: model/networks/serving.ts, by `mean` and biases (fit-biases.ts), which are no part of this.
 * An item with no rating has the hidden units of no inputs.
 * The seed fixes first weights, the order of items and what is sampled: on one kernel every bit of the result.
 * Departures from the paper: items are the examples; from the seed document: levels and not 0 or 1, only ratings that are
 * there, a negative phase for all biases, and the mean of the levels instead of a sample.
 */
import { createKernel } from '../kernel/choose.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Address, Block } from '../kernel/row-memory.ts';
import { Rows } from '../model/networks/rows.ts';
import { casesOf, drawWeights, Entries, longestOf, ratedItems, type Cases } from './cases.ts';
import { chance, type Chance } from './chance.ts';
import type { EpochPlan, Learning } from './epochs.ts';
import { fitBiases, type Biases } from './fit-biases.ts';
import { batchFor } from './fit-hyper.ts';
import { levelsOf, type Levels } from './levels.ts';
import { errorOn, passOver, trainSparse, type SparseNetwork } from './item-pass.ts';
import type { Tensor, Train } from './trained.ts';
import type { RatingsWindow } from './window.ts';

export interface RbmHyper extends EpochPlan {
  readonly hidden: number;
  /** Items of a batch, at the most. */
  readonly batch: number;
  /** Of the first epoch; each further one has `decay` times as much. */
  readonly rate: number;
  readonly decay: number;
  /** Of the weights, each step, times the rate. */
  readonly penalty: number;
  /** After the first epochs, which have half of one. */
  readonly momentum: number;
  /** Deviation of first weights. */
  readonly deviation: number;
}

export const rbmHyper: RbmHyper = {
  hidden: 100,
  batch: 100,
  rate: 0.05,
  decay: 0.97,
  penalty: 0.001,
  momentum: 0.9,
  deviation: 0.01,
  epochs: 60,
  patience: 30,
};

const fewestOfBatch = 6;
/** So many ratings in all for each item of a batch. */
const ratingsOfItem = 650;
const firstMomentum = 0.5;
const firstEpochs = 5;
/** Ratings of average kind that a user's level biases start from. */
const levelDamping = 5;

export const rbmOn = (kernelOf: () => Kernel): Train<RbmHyper> =>
  trainSparse('rbm', rbmHyper, (...parts) => new Rbm(...parts), kernelOf);

export const trainRbm = rbmOn(createKernel);

class Rbm implements SparseNetwork {
  readonly kind = 'rbm';
  readonly #kernel: Kernel;
  readonly #hyper: RbmHyper;
  readonly #biases: Biases;
  readonly #levels: Levels;
  readonly #train: Cases;
  /** By rating of `#train`. */
  readonly #levelOf: Uint8Array;
  readonly #validation: Cases;
  readonly #order: Int32Array;
  readonly #chance: Chance;
  /** Of each user three sections: weights, their gradients, velocities. A section: W by level, then a. */
  readonly #rows: Rows;
  readonly #section: number;
  readonly #addresses: Uint32Array;
  /** c, its gradient, its velocity. */
  readonly #hiddenBias: Block;
  /** Of the item at hand: P(h), a sample of it, P(h) after one turn. */
  readonly #hidden: Block;
  readonly #width: number;
  readonly #odds: Block;
  readonly #entries: Entries;
  /** Levels of the item's raters after one turn. */
  readonly #turned: Uint8Array;
  /** Weights of the best epoch: of each user, then c. */
  readonly #kept: Float32Array;
  #encoded = -1;

  constructor(kernel: Kernel, hyper: RbmHyper, train: RatingsWindow, validation: RatingsWindow, seed: number) {
    const { hidden, deviation } = hyper;
    const users = train.userIds.length;
    this.#kernel = kernel;
    this.#hyper = hyper;
    this.#biases = fitBiases(train);
    this.#levels = levelsOf(train.ratings);
    this.#train = casesOf(train, (_user, _item, rating) => rating);
    this.#levelOf = Uint8Array.from(this.#train.values, (rating) => this.#levels.of(rating));
    this.#validation = casesOf(validation, (_user, _item, rating) => rating);
    this.#order = ratedItems(this.#train);
    this.#chance = chance(seed, 1);
    const levels = this.#levels.values.length;
    this.#section = (levels * (hidden + 1) + 3) & ~3;
    this.#rows = new Rows(kernel, users, 3 * this.#section);
    this.#addresses = Uint32Array.from({ length: users }, (_, user) => this.#rows.address(user));
    const draw = drawWeights(seed, deviation);
    const odds = this.#levelOdds(users);
    const seen = new Set(train.users);
    for (let user = 0; user < users; user++) {
      const cells = this.#rows.cells(user);
      for (let i = 0; i < levels * hidden; i++) cells[i] = seen.has(user) ? draw() : 0;
      cells.set(odds.subarray(user * levels, (user + 1) * levels), levels * hidden);
    }
    this.#width = (hidden + 3) & ~3;
    this.#hiddenBias = kernel.memory.allocate(3 * this.#width);
    this.#hidden = kernel.memory.allocate(3 * this.#width);
    this.#odds = kernel.memory.allocate(levels);
    this.#entries = new Entries(kernel, longestOf(this.#train));
    this.#turned = new Uint8Array(longestOf(this.#train));
    this.#kept = new Float32Array(users * this.#section + this.#width);
  }

  pass(epoch: number): ReturnType<Learning['pass']> {
    const { batch, rate, decay, momentum } = this.#hyper;
    this.#encoded = -1;
    this.#chance.shuffle(this.#order);
    const step = (items: number): void =>
      this.#step(rate * decay ** epoch, items, epoch < firstEpochs ? firstMomentum : momentum);
    const size = batchFor(this.#train.users.length, batch, fewestOfBatch, ratingsOfItem);
    return passOver(this.#train, this.#order, size, (item) => this.#learn(item), step);
  }

  validate(): number {
    return errorOn(this.#validation, (user, item) => this.predict(user, item));
  }

  predict(user: number, item: number): number {
    if (this.#encoded !== item) this.#encode(item);
    this.#encoded = item;
    this.#softmax(this.#addresses[user]!, this.#hidden.address);
    return this.#levels.values.reduce((mean, value, l) => mean + value * this.#odds.floats[l]!, 0);
  }

  keep(): void {
    const { count } = this.#rows;
    for (let user = 0; user < count; user++) {
      this.#kept.set(this.#rows.cells(user).subarray(0, this.#section), user * this.#section);
    }
    this.#kept.set(this.#hiddenBias.floats.subarray(0, this.#width), count * this.#section);
  }

  /** Goes back to the best epoch, and says what it is. */
  best(): ReadonlyMap<string, Tensor> {
    const { hidden } = this.#hyper;
    const { count } = this.#rows;
    const s = this.#section;
    const items = this.#train.starts.length - 1;
    const { values } = this.#levels;
    const levels = values.length;
    const kernels = new Float32Array(count * levels * hidden);
    const odds = new Float32Array(count * levels);
    for (let user = 0; user < count; user++) {
      const weights = this.#kept.subarray(user * s, (user + 1) * s);
      this.#rows.cells(user).set(weights);
      kernels.set(weights.subarray(0, levels * hidden), user * levels * hidden);
      odds.set(weights.subarray(levels * hidden, levels * (hidden + 1)), user * levels);
    }
    this.#hiddenBias.floats.set(this.#kept.subarray(count * s));
    const layers = new Float32Array(items * hidden);
    for (let item = 0; item < items; item++) {
      this.#encode(item);
      layers.set(this.#hidden.floats.subarray(0, hidden), item * hidden);
    }
    this.#encoded = -1;
    return new Map<string, Tensor>([
      ['mean', { shape: [1], data: Float32Array.of(this.#biases.mean) }],
      ['user.bias', { shape: [count], data: this.#biases.user }],
      ['item.bias', { shape: [items], data: this.#biases.item }],
      ['level.values', { shape: [levels], data: Float32Array.from(values) }],
      ['user.kernel', { shape: [count, levels, hidden], data: kernels }],
      ['user.levels', { shape: [count, levels], data: odds }],
      ['item.hidden', { shape: [items, hidden], data: layers }],
    ]);
  }

  /** ln of how often each user gives each level, [users, levels]. */
  #levelOdds(users: number): Float32Array {
    const levels = this.#levels.values.length;
    const odds = new Float32Array(users * levels);
    const totals = new Float64Array(users);
    this.#train.users.forEach((user, n) => {
      const at = user * levels + this.#levelOf[n]!;
      odds[at] = odds[at]! + 1;
      totals[user] = totals[user]! + 1;
    });
    return odds.map((count, at) => {
      const share = this.#levels.shares[at % levels]!;
      return Math.log((count + levelDamping * share) / (totals[Math.floor(at / levels)]! + levelDamping));
    });
  }

  /** Calls `use` for the weights of an item's raters at their levels, a piece at a time. `levels[at]` is the first one's. */
  #eachPiece(item: number, levels: Uint8Array, at: number, use: (n: number) => void): void {
    const { starts, users } = this.#train;
    const { hidden } = this.#hyper;
    const end = starts[item + 1]!;
    const shift = at - starts[item]!;
    for (let from = starts[item]!; from < end; from += this.#entries.capacity) {
      const n = Math.min(this.#entries.capacity, end - from);
      for (let e = 0; e < n; e++) {
        this.#entries.set(e, this.#addresses[users[from + e]!]! + levels[from + e + shift]! * hidden, 1);
      }
      use(n);
    }
  }

  /** P(h) for the levels given. */
  #hiddenOf(item: number, levels: Uint8Array, at: number, out: Address): void {
    const { hidden } = this.#hyper;
    this.#kernel.copy(out, this.#hiddenBias.address, hidden);
    this.#eachPiece(item, levels, at, (n) => this.#kernel.gather(out, this.#entries.address, n, hidden, 0));
    this.#kernel.logistic(out, hidden);
  }

  #encode(item: number): void {
    this.#hiddenOf(item, this.#levelOf, this.#train.starts[item]!, this.#hidden.address);
  }

  #softmax(row: Address, hidden: Address): void {
    const units = this.#hyper.hidden;
    const levels = this.#levels.values.length;
    this.#kernel.softmax(this.#odds.address, hidden, row, row + levels * units, units, levels);
  }

  /** Adds the gradients of an item; returns its loss. */
  #learn(item: number): number {
    const { hidden } = this.#hyper;
    const data = this.#hidden.address;
    const sample = data + this.#width;
    const after = data + 2 * this.#width;
    const cells = this.#hidden.floats;
    this.#encode(item);
    for (let f = 0; f < hidden; f++) cells[this.#width + f] = this.#chance.uniform() < cells[f]! ? 1 : 0;
    const loss = this.#turn(item, sample);
    this.#hiddenOf(item, this.#turned, 0, after);
    const { address } = this.#entries;
    const scatter = (x: Address, sign: 1 | -1) => (n: number) =>
      this.#kernel.scatter(address, n, hidden, this.#section, x, sign);
    this.#eachPiece(item, this.#levelOf, this.#train.starts[item]!, scatter(data, 1));
    this.#eachPiece(item, this.#turned, 0, scatter(after, -1));
    this.#kernel.axpy(this.#hiddenBias.address + this.#width, data, hidden, 1);
    this.#kernel.axpy(this.#hiddenBias.address + this.#width, after, hidden, -1);
    return loss;
  }

  /** Samples every rater's level by hidden units, and adds the gradients of the level biases. */
  #turn(item: number, sample: Address): number {
    const { starts, users } = this.#train;
    const { hidden } = this.#hyper;
    const odds = this.#odds.floats;
    const levels = this.#levels.values.length;
    const biasGradients = this.#section + levels * hidden;
    let loss = 0;
    for (let n = starts[item]!, at = 0; n < starts[item + 1]!; n++, at++) {
      const user = users[n]!;
      this.#softmax(this.#addresses[user]!, sample);
      const given = this.#levelOf[n]!;
      loss -= Math.log(Math.max(odds[given]!, 1e-30));
      let left = this.#chance.uniform();
      let level = 0;
      while (level < levels - 1 && (left -= odds[level]!) > 0) level++;
      this.#turned[at] = level;
      if (level === given) continue;
      const cells = this.#rows.cells(user);
      cells[biasGradients + given] = cells[biasGradients + given]! + 1;
      cells[biasGradients + level] = cells[biasGradients + level]! - 1;
    }
    return loss;
  }

  #step(rate: number, items: number, momentum: number): void {
    const { hidden, penalty } = this.#hyper;
    const levels = this.#levels.values.length;
    const ascend = (at: Address, section: number, n: number, decay: number): void =>
      this.#kernel.ascend(at, at + section, at + 2 * section, n, momentum, rate / items, decay * items);
    for (const row of this.#addresses) {
      ascend(row, this.#section, levels * hidden, penalty);
      ascend(row + levels * hidden, this.#section, levels, 0);
    }
    ascend(this.#hiddenBias.address, this.#width, hidden, 0);
  }
}
