/**
 * Networks in the published prediction: least squares from the error of the online answer on how far each network is from
 * it, alone and multiplied with what says how much to trust it.
 *
 *   z = y₀ + w·x,  x_kt = (y_k - y₀) c_t,  w = (ρ I + Σ γ^age x xᵀ)⁻¹ Σ γ^age x (y - y₀)
 *   ŷ = (1 - q) y₀ + q z,  q by the recent losses of both, as in blend.ts
 *
 * y₀: the blend of the online experts; y_k: the answer of the network of kind k; c: 1, ln(1 + ratings of the user) / 5, the
 * same of the item, and 1 where the network knows the user. γ: `decayRatio`, ρ: `ridge`.
 * A kind without a network has no input: w is solved for the ones that are there, from the same sums, so that the others do at
 * once what is best without it. A new network starts from nothing; a new version from what its kind has earned. One that
 * turns out bad is held by q within some hundred ratings, and by w later.
 * With no event behind it the answer is y₀. The sums are additive, so tasks share them (shared-sums.ts), and they are only
 * stored once there was a network.
 */
import { packedSize, type Kernel } from '../kernel/kernel.ts';
import type { Block } from '../kernel/row-memory.ts';
import { learnLosses, lossCells, shareOfSecond } from './loss-share.ts';
import { networkKinds } from './networks/kinds.ts';
import type { SharedSums } from './shared-sums.ts';

const kinds = networkKinds.length;
const trusts = 4;
const inputs = kinds * trusts;
const packed = packedSize(inputs);
const lossesAt = packed + inputs;
/** Cells in the shared sums: Σ x xᵀ packed, Σ x (y - y₀), losses of y₀ and z. */
export const networkStackCells = lossesAt + lossCells;
/** A task's own part: w, then the events learned. */
export const networkStackStateCells = inputs + 1;

/** Of `NetworkStack.cells`: the online answer, how much is known of user and item; the combination, and what is made of both. */
export const cell = { online: 0, userCount: 1, itemCount: 2, stacked: 3, answer: 4 } as const;

const solveEvery = 32;
const decayRatio = 0.9995;
const ridge = 4;

export class NetworkStack {
  /** Of each kind at the last event: how much of its distance from the online answer was published. */
  readonly weights = new Float64Array(kinds);
  /** What comes in and goes out: a number that is handed over in a call may be an object on the heap. */
  readonly cells = new Float64Array(Object.keys(cell).length);
  readonly #kernel: Kernel;
  readonly #sums: SharedSums;
  readonly #at: number;
  readonly #state: Float64Array;
  readonly #x: Block;
  readonly #a: Block;
  readonly #b: Block;
  readonly #w: Block;
  readonly #scratch: Block;
  readonly #trusts = new Float64Array(trusts);

  constructor(kernel: Kernel, sums: SharedSums, at: number, state: Float64Array) {
    this.#kernel = kernel;
    this.#sums = sums;
    this.#at = at;
    this.#state = state;
    this.#x = kernel.memory.allocate(2 * inputs);
    this.#a = kernel.memory.allocate(2 * packed);
    this.#b = kernel.memory.allocate(2 * inputs);
    this.#w = kernel.memory.allocate(2 * inputs);
    this.#scratch = kernel.memory.allocate(2 * packed);
  }

  /**
   * From `cells` into `cells`. `answers`: by kind, NaN where there is no network; `known`: 1 where it knows the user.
   * Changes no state.
   */
  predict(answers: Float64Array, known: Float64Array): void {
    const { cells } = this;
    const online = cells[cell.online]!;
    const x = this.#x.doubles;
    const trust = this.#trusts;
    trust[0] = 1;
    trust[1] = Math.log1p(cells[cell.userCount]!) / 5;
    trust[2] = Math.log1p(cells[cell.itemCount]!) / 5;
    let correction = 0;
    for (let k = 0; k < kinds; k++) {
      const distance = answers[k]! - online;
      const isThere = !Number.isNaN(distance);
      trust[3] = known[k]!;
      let weight = 0;
      for (let t = 0; t < trusts; t++) {
        x[k * trusts + t] = isThere ? distance * trust[t]! : 0;
        weight += this.#state[k * trusts + t]! * trust[t]!;
      }
      this.weights[k] = isThere ? weight : 0;
      if (isThere) correction += weight * distance;
    }
    cells[cell.stacked] = online + correction;
    clip(cells, answers);
    // What was not believed is in no weight either: the weights say what is published.
    const believed = correction === 0 ? 1 : (cells[cell.stacked]! - online) / correction;
    const share = shareOfSecond(this.#sums, this.#at + lossesAt);
    for (let k = 0; k < kinds; k++) this.weights[k] = this.weights[k]! * share * believed;
    cells[cell.answer] = online + share * (cells[cell.stacked]! - online);
  }

  /** Learns from the last prediction. `refresh` is called before a solve, to bring the others' shares up to date. */
  learn(
    { rating, weight }: { readonly rating: number; readonly weight: number },
    answers: Float64Array,
    refresh: () => void,
  ): void {
    const x = this.#x.doubles;
    const { own } = this.#sums;
    const error = rating - this.cells[cell.online]!;
    this.#kernel.addOuter(this.#sums.addressOf(this.#at), this.#x.address, inputs, weight);
    const bAt = this.#at + packed;
    for (let i = 0; i < inputs; i++) own[bAt + i] = own[bAt + i]! + weight * x[i]! * error;
    learnLosses(own, this.#at + lossesAt, weight, error, rating - this.cells[cell.stacked]!);
    const count = (this.#state[inputs] = this.#state[inputs]! + 1);
    if (count % solveEvery === 0) this.#solve(answers, refresh);
  }

  release(): void {
    for (const block of [this.#x, this.#a, this.#b, this.#w, this.#scratch]) this.#kernel.memory.release(block);
  }

  #solve(answers: Float64Array, refresh: () => void): void {
    const { own } = this.#sums;
    const fade = decayRatio ** solveEvery;
    for (let i = this.#at; i < this.#at + lossesAt; i++) own[i] = own[i]! * fade;
    refresh();
    const a = this.#a.doubles;
    const b = this.#b.doubles;
    const isThere = (i: number): boolean => !Number.isNaN(answers[Math.floor(i / trusts)]!);
    for (let i = 0, at = 0; i < inputs; i++) {
      for (let j = 0; j <= i; j++, at++) a[at] = isThere(i) && isThere(j) ? this.#sums.at(this.#at + at) : 0;
      a[at - 1] = a[at - 1]! + ridge;
      b[i] = isThere(i) ? this.#sums.at(this.#at + packed + i) : 0;
    }
    const w = this.#w;
    if (!this.#kernel.solve(this.#a.address, this.#b.address, w.address, inputs, this.#scratch.address)) return;
    for (let i = 0; i < inputs; i++) this.#state[i] = w.doubles[i]!;
  }
}

/** Within the answers that are there: a combination beyond all of them is not believed. */
function clip(cells: Float64Array, answers: Float64Array): void {
  let least = cells[cell.online]!;
  let most = least;
  for (let k = 0; k < kinds; k++) {
    const answer = answers[k]!;
    if (answer < least) least = answer;
    if (answer > most) most = answer;
  }
  const value = cells[cell.stacked]!;
  cells[cell.stacked] = value < least ? least : value > most ? most : value;
}
