/**
 * Autoencoder over items [Sedhain15, I-AutoRec]: an item's ratings, of those who rated it, through a hidden layer and back.
 *
 *   x_u = r_ui - μ - b_u - b_i,   h_i = σ(c + Σ_u (x_u V_u + 2 R_u)),   r̂_ui = μ + b_u + b_i + a_u + W_u·h_i
 *
 * μ, b: `mean`, biases (fit-biases.ts), which stand outside; V, R, c: the encoder, of how each rates the item, and of who rates
 * it at all; W, a: the decoder, stored as `user.kernel` and within `user.bias`; h: `item.hidden`, so that an answer is a dot product.
 * Loss: ½ Σ (r_ui - r̂_ui)² over the ratings that are there, and ½ `penalty` √n (|V|² + |R|² + |W|²), n: ratings. Update: Adam over
 * batches of items, with a rate that falls with every epoch; the penalty is shared out among the batches.
 * Only raters of an item exist in it: its inputs are gathered from their rows, its outputs and both gradients computed for
 * them alone (kernel/network-kernel.ts).
 * Unknown users and items: model/networks/serving.ts. An item with no rating has the hidden layer of no inputs.
 * The seed fixes first weights and the order of items: on one kernel every bit of the result.
 * Departures from the paper: what mean and biases leave is learned, so that a rating which is not there is one as expected,
 * and not one of 3; who rates an item is an input too, as in a conditional RBM [Salakhutdinov07]; from the seed document:
 * items and not users are examples, the loss knows no rating that is not there, and the output is linear, for a sigmoid cannot say 5.
 */
import { createKernel } from '../kernel/choose.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Address, Block } from '../kernel/row-memory.ts';
import { Rows } from '../model/networks/rows.ts';
import { casesOf, drawWeights, Entries, longestOf, ratedItems, type Cases } from './cases.ts';
import { chance, type Chance } from './chance.ts';
import { correctedRate } from './adam.ts';
import type { EpochPlan, Learning } from './epochs.ts';
import { fitBiases, type Biases } from './fit-biases.ts';
import { errorOn, passOver, trainSparse, type SparseNetwork } from './item-pass.ts';
import type { Tensor, Train } from './trained.ts';
import type { RatingsWindow } from './window.ts';

export interface AutoencoderHyper extends EpochPlan {
  /** Units of the hidden layer. */
  readonly hidden: number;
  /** Items of a batch, at the most. */
  readonly batch: number;
  /** Of the first epoch; each further one has `decay` times as much. */
  readonly rate: number;
  readonly decay: number;
  /** Times the root of the number of ratings: so one setting serves ten thousand ratings and a million (docs/decisions). */
  readonly penalty: number;
  /** Deviation of first weights. */
  readonly deviation: number;
}

export const autoencoderHyper: AutoencoderHyper = {
  hidden: 128,
  batch: 128,
  rate: 1.5e-3,
  decay: 0.95,
  penalty: 0.1,
  deviation: 0.03,
  epochs: 80,
  patience: 8,
};

/** Input of a rating's being there. More than what its value has: under one penalty, who rates is let say more than how. */
const presence = 2;

export const autoencoderOn = (kernelOf: () => Kernel): Train<AutoencoderHyper> =>
  trainSparse('autoencoder', autoencoderHyper, (...parts) => new Autoencoder(...parts), kernelOf);

export const trainAutoencoder = autoencoderOn(createKernel);

class Autoencoder implements SparseNetwork {
  readonly kind = 'autoencoder';
  readonly #kernel: Kernel;
  readonly #hyper: AutoencoderHyper;
  readonly #penalty: number;
  readonly #biases: Biases;
  readonly #train: Cases;
  readonly #validation: Cases;
  readonly #order: Int32Array;
  readonly #chance: Chance;
  /** Of each user four sections: weights, their gradients, both moments of Adam. A section: V, R, W, a. */
  readonly #rows: Rows;
  readonly #section: number;
  readonly #addresses: Uint32Array;
  /** c, its gradient and moments. */
  readonly #hiddenBias: Block;
  /** Of the item at hand: h, and the gradient before σ. */
  readonly #hidden: Block;
  readonly #gradient: Address;
  readonly #width: number;
  /** Of each rating one, or two for the encoder. */
  readonly #entries: Entries;
  /** Weights of the best epoch: of each user, then c. */
  readonly #kept: Float32Array;
  #steps = 0;
  #encoded = -1;

  constructor(kernel: Kernel, hyper: AutoencoderHyper, train: RatingsWindow, validation: RatingsWindow, seed: number) {
    const { hidden, deviation } = hyper;
    const biases = fitBiases(train);
    const rest = (user: number, item: number, rating: number): number =>
      rating - biases.mean - biases.user[user]! - biases.item[item]!;
    const users = train.userIds.length;
    this.#kernel = kernel;
    this.#hyper = hyper;
    this.#penalty = hyper.penalty * Math.sqrt(train.ratings.length);
    this.#biases = biases;
    this.#train = casesOf(train, rest);
    this.#validation = casesOf(validation, (_user, _item, rating) => rating);
    this.#order = ratedItems(this.#train);
    this.#chance = chance(seed, 1);
    this.#section = (3 * hidden + 1 + 3) & ~3;
    this.#rows = new Rows(kernel, users, 4 * this.#section);
    this.#addresses = Uint32Array.from({ length: users }, (_, user) => this.#rows.address(user));
    const draw = drawWeights(seed, deviation);
    const seen = new Set(train.users);
    for (let user = 0; user < users; user++) {
      const cells = this.#rows.cells(user);
      // Who has no ratings here stays with zeros, which say nothing.
      for (let i = 0; i < 3 * hidden; i++) cells[i] = seen.has(user) ? draw() : 0;
    }
    this.#width = (hidden + 3) & ~3;
    this.#hiddenBias = kernel.memory.allocate(4 * this.#width);
    this.#hidden = kernel.memory.allocate(2 * this.#width);
    this.#gradient = this.#hidden.address + this.#width;
    this.#entries = new Entries(kernel, 2 * longestOf(this.#train));
    this.#kept = new Float32Array(users * this.#section + this.#width);
  }

  pass(epoch: number): ReturnType<Learning['pass']> {
    const { batch, rate, decay } = this.#hyper;
    this.#encoded = -1;
    this.#chance.shuffle(this.#order);
    const step = (items: number): void => this.#step(rate * decay ** epoch, items / this.#order.length);
    return passOver(this.#train, this.#order, batch, (item) => this.#learn(item), step);
  }

  validate(): number {
    return errorOn(this.#validation, (user, item) => this.predict(user, item));
  }

  predict(user: number, item: number): number {
    const { hidden } = this.#hyper;
    if (this.#encoded !== item) this.#encode(item);
    this.#encoded = item;
    const { mean, user: userBias, item: itemBias } = this.#biases;
    const own = this.#rows.cells(user)[3 * hidden]!;
    const answer = this.#kernel.dot(this.#hidden.address, this.#addresses[user]! + 2 * hidden, hidden);
    return mean + userBias[user]! + itemBias[item]! + own + answer;
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
    const kernels = new Float32Array(count * hidden);
    const userBias = this.#biases.user.slice();
    for (let user = 0; user < count; user++) {
      const weights = this.#kept.subarray(user * s, (user + 1) * s);
      this.#rows.cells(user).set(weights);
      kernels.set(weights.subarray(2 * hidden, 3 * hidden), user * hidden);
      userBias[user] = userBias[user]! + weights[3 * hidden]!;
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
      ['user.bias', { shape: [count], data: userBias }],
      ['item.bias', { shape: [items], data: this.#biases.item }],
      ['user.kernel', { shape: [count, hidden], data: kernels }],
      ['item.hidden', { shape: [items, hidden], data: layers }],
    ]);
  }

  /** Calls `use` for V and R of an item's raters, a piece at a time. */
  #eachInput(item: number, use: (n: number) => void): void {
    const { starts, users, values } = this.#train;
    const { hidden } = this.#hyper;
    const end = starts[item + 1]!;
    const most = this.#entries.capacity >> 1;
    for (let from = starts[item]!; from < end; from += most) {
      const n = Math.min(most, end - from);
      for (let e = 0; e < n; e++) {
        const row = this.#addresses[users[from + e]!]!;
        this.#entries.set(2 * e, row, values[from + e]!);
        this.#entries.set(2 * e + 1, row + hidden, presence);
      }
      use(2 * n);
    }
  }

  /** The same for their rows and what they are expected to answer. */
  #eachOutput(item: number, use: (n: number) => void): void {
    const { starts, users, values } = this.#train;
    const end = starts[item + 1]!;
    for (let from = starts[item]!; from < end; from += this.#entries.capacity) {
      const n = Math.min(this.#entries.capacity, end - from);
      for (let e = 0; e < n; e++) this.#entries.set(e, this.#addresses[users[from + e]!]!, values[from + e]!);
      use(n);
    }
  }

  #encode(item: number): void {
    const { hidden } = this.#hyper;
    const h = this.#hidden.address;
    this.#kernel.copy(h, this.#hiddenBias.address, hidden);
    this.#eachInput(item, (n) => this.#kernel.gather(h, this.#entries.address, n, hidden, 0));
    this.#kernel.logistic(h, hidden);
  }

  /** Adds the gradients of an item; returns its squared error. */
  #learn(item: number): number {
    const kernel = this.#kernel;
    const { hidden } = this.#hyper;
    const h = this.#hidden.address;
    const entries = this.#entries.address;
    const decoder = 2 * hidden;
    this.#encode(item);
    this.#hidden.floats.fill(0, this.#width);
    let loss = 0;
    this.#eachOutput(item, (n) => {
      loss += kernel.maskedOutputs(entries, n, hidden, decoder, this.#section + decoder, h, this.#gradient);
    });
    kernel.logisticGradient(this.#gradient, h, hidden);
    kernel.add(this.#hiddenBias.address + this.#width, this.#gradient, hidden);
    this.#eachInput(item, (n) => kernel.scatter(entries, n, hidden, this.#section, this.#gradient, 1));
    return loss;
  }

  /** Adam over all weights. `share`: of the items that were in the batch. */
  #step(rate: number, share: number): void {
    const { hidden } = this.#hyper;
    const corrected = correctedRate(rate, ++this.#steps);
    const adam = (at: Address, section: number, n: number, decay: number): void =>
      this.#kernel.adam(at, at + section, at + 2 * section, at + 3 * section, n, corrected, decay);
    for (const row of this.#addresses) {
      adam(row, this.#section, 3 * hidden, this.#penalty * share);
      adam(row + 3 * hidden, this.#section, 1, 0);
    }
    adam(this.#hiddenBias.address, this.#width, hidden, 0);
  }
}
