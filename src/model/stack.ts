/**
 * The stack: recursive least squares from the base answer's error on the inputs of context.ts; its answer is the
 * published prediction.
 *
 *   ŷ = base + w·x,  w = (Λ + Σ γ^age x xᵀ)⁻¹ Σ γ^age x (y - base)
 *
 * Λ: diagonal ridge (`ridge`, and `contextRidge` for products with the context); γ: `stackDecayRatio`; base: the factors
 * expert's answer. The sums are additive, so every task keeps its share and all learn one stack; w is solved anew every
 * `solveEvery` events of the task (more often at first) instead of after each: the sums are exact, only w is a few events
 * old, and it costs a tenth of the usual rank-one update of the inverse [Haykin02].
 * With no event behind it w is 0 and the answer is the base. A solve that fails numerically leaves w as it was.
 */
import { packedSize, type Kernel } from '../kernel/kernel.ts';
import { allInputs, plainInputs } from './context.ts';
import type { LearnerSettings } from './settings.ts';
import type { SharedSums } from './shared-sums.ts';

const solveEvery = 32;
const solveEveryAtFirst = 8;
const atFirstCount = 512;

const packed = packedSize(allInputs);
/** Cells in the shared sums: Σ x xᵀ packed, then Σ x (y - base). */
export const stackCells = packed + allInputs;

/** A task's own part of the stack, stored with it: w, then the events learned. */
export const stackStateCells = allInputs + 1;

export class Stack {
  /** w and the event count; a view into the task's stored numbers. */
  readonly #state: Float64Array;
  readonly #sums: SharedSums;
  readonly #at: number;
  readonly #kernel: Kernel;
  readonly #settings: LearnerSettings;
  readonly #inputs: number;
  readonly #ridge: Float64Array;
  readonly #a = new Float64Array(packed);
  readonly #b = new Float64Array(allInputs);
  readonly #scratch = new Float64Array(packed);

  constructor(settings: LearnerSettings, kernel: Kernel, sums: SharedSums, at: number, state: Float64Array) {
    this.#settings = settings;
    this.#kernel = kernel;
    this.#sums = sums;
    this.#at = at;
    this.#state = state;
    this.#inputs = settings.effort === 'fast' ? plainInputs : allInputs;
    this.#ridge = Float64Array.from({ length: allInputs }, (_, i) =>
      i < plainInputs ? settings.ridge : settings.contextRidge,
    );
  }

  /** What to add to the base answer. */
  correction(x: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.#inputs; i++) sum += this.#state[i]! * x[i]!;
    return sum;
  }

  /** `error`: the rating minus the base answer. `refresh` is called before a solve, to bring the others' shares up to date. */
  learn(x: Float64Array, error: number, weight: number, refresh: () => void): void {
    const d = this.#inputs;
    const { own } = this.#sums;
    this.#kernel.addOuter(own, this.#at, x, d, weight);
    const bAt = this.#at + packed;
    for (let i = 0; i < d; i++) own[bAt + i] = own[bAt + i]! + weight * x[i]! * error;
    const count = (this.#state[allInputs] = this.#state[allInputs]! + 1);
    const every = count < atFirstCount ? solveEveryAtFirst : solveEvery;
    if (count % every === 0) this.#solve(every, refresh);
  }

  #solve(every: number, refresh: () => void): void {
    const { own } = this.#sums;
    const fade = Math.pow(this.#settings.stackDecayRatio, every);
    const end = this.#at + stackCells;
    for (let i = this.#at; i < end; i++) own[i] = own[i]! * fade;
    refresh();
    const d = this.#inputs;
    for (let i = 0, at = 0; i < d; i++) {
      for (let j = 0; j <= i; j++, at++) this.#a[at] = this.#sums.at(this.#at + at);
      this.#a[at - 1] = this.#a[at - 1]! + this.#ridge[i]!;
      this.#b[i] = this.#sums.at(this.#at + packed + i);
    }
    this.#kernel.solve(this.#a, this.#b, this.#state, d, this.#scratch);
  }
}
