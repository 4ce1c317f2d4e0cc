/**
 * The stack: recursive least squares from the base answer's error on the inputs of context.ts; its answer is the
 * published prediction.
 *
 *   ŷ = base + w·x,  w = (Λ + Σ γ^age x xᵀ)⁻¹ (Λ w₀ + Σ γ^age x (y - base))
 *
 * Λ: diagonal ridge (`ridge`, and `contextRidge` for products with the context); γ: `stackDecayRatio`; base: the factors
 * expert's answer. The sums are additive, so every task keeps its share and all learn one stack; w is solved anew every
 * `solveEvery` events of the task (more often at first, and with the posterior) instead of after each: the sums are exact, only w is a few events
 * old, and it costs a tenth of the usual rank-one update of the inverse [Haykin02].
 * w₀ is 1 for the shift of the posterior and 0 for all else: with no event behind it the answer is the posterior's, or the base. A solve that fails numerically leaves w as it was.
 */
import { packedSize, type Kernel } from '../kernel/kernel.ts';
import type { Block } from '../kernel/row-memory.ts';
import { allInputs, doubtInput, plainInputs, posteriorInputs, shiftInput } from './context.ts';
import type { Effort, LearnerSettings } from './settings.ts';
import type { SharedSums } from './shared-sums.ts';

const solveEvery = 32;
/** At first, and with the posterior: what it says changes faster. */
const solveOften = 8;
const atFirstCount = 512;

const packed = packedSize(posteriorInputs);
const inputsOf: Readonly<Record<Effort, number>> = { fast: plainInputs, balanced: allInputs, full: posteriorInputs };

/** Cells in the shared sums: Σ x xᵀ packed, then Σ x (y - base). */
export const stackCells = packed + posteriorInputs;

/** A task's own part of the stack, stored with it: w, then the events learned. */
export const stackStateCells = posteriorInputs + 1;

export class Stack {
  /** The inputs of the event at hand, to be filled by the caller: [posteriorInputs]. */
  readonly inputs: Float64Array;
  /** w and the event count: the first of the task's stored numbers. */
  readonly #state: Float64Array;
  readonly #stateBlock: Block;
  readonly #sums: SharedSums;
  readonly #at: number;
  readonly #kernel: Kernel;
  readonly #settings: LearnerSettings;
  #inputs = plainInputs;
  readonly #ridge: Float64Array;
  readonly #x: Block;
  readonly #a: Block;
  readonly #b: Block;
  readonly #scratch: Block;

  /** `state`: doubles, of which the first `stackStateCells` are the stack's. */
  constructor(settings: LearnerSettings, kernel: Kernel, sums: SharedSums, at: number, state: Block) {
    this.#settings = settings;
    this.#kernel = kernel;
    this.#sums = sums;
    this.#at = at;
    this.#stateBlock = state;
    this.#state = state.doubles.subarray(0, stackStateCells);
    this.#x = kernel.memory.allocate(2 * posteriorInputs);
    this.inputs = this.#x.doubles.subarray(0, posteriorInputs);
    this.#a = kernel.memory.allocate(2 * packed);
    this.#b = kernel.memory.allocate(2 * posteriorInputs);
    this.#scratch = kernel.memory.allocate(2 * packed);
    this.use(settings.effort);
    this.#ridge = Float64Array.from({ length: posteriorInputs }, (_, i) =>
      i < plainInputs || i === shiftInput || i === doubtInput ? settings.ridge : settings.contextRidge,
    );
    this.#state[shiftInput] = 1;
  }

  /** From now on the inputs of this effort, which are the first of those of the next. */
  use(effort: Effort): void {
    this.#inputs = inputsOf[effort];
  }

  /** What to add to the base answer. */
  correction(): number {
    return this.#kernel.dotDoubles(this.#stateBlock.address, this.#x.address, this.#inputs);
  }

  release(): void {
    for (const block of [this.#x, this.#a, this.#b, this.#scratch]) this.#kernel.memory.release(block);
  }

  /** Learns from `inputs`. `error`: the rating minus the base answer. `refresh` is called before a solve, to bring the others' shares up to date. */
  learn(error: number, weight: number, refresh: () => void): void {
    const d = this.#inputs;
    const x = this.inputs;
    const { own } = this.#sums;
    this.#kernel.addOuter(this.#sums.addressOf(this.#at), this.#x.address, d, weight);
    const bAt = this.#at + packed;
    for (let i = 0; i < d; i++) own[bAt + i] = own[bAt + i]! + weight * x[i]! * error;
    const count = (this.#state[posteriorInputs] = this.#state[posteriorInputs]! + 1);
    const every = count < atFirstCount || d > allInputs ? solveOften : solveEvery;
    if (count % every === 0) this.#solve(every, refresh);
  }

  #solve(every: number, refresh: () => void): void {
    const { own } = this.#sums;
    const fade = Math.pow(this.#settings.stackDecayRatio, every);
    for (let i = 0, at = this.#at; i < posteriorInputs; at += ++i) {
      // Σ x² = 0: an input that has never been there, and nothing of its row.
      if (own[at + i] === 0) continue;
      for (let cell = at; cell <= at + i; cell++) own[cell] = own[cell]! * fade;
      own[this.#at + packed + i] = own[this.#at + packed + i]! * fade;
    }
    refresh();
    const d = this.#inputs;
    const a = this.#a.doubles;
    const b = this.#b.doubles;
    for (let i = 0, at = 0; i < d; i++) {
      for (let j = 0; j <= i; j++, at++) a[at] = this.#sums.at(this.#at + at);
      a[at - 1] = a[at - 1]! + this.#ridge[i]!;
      b[i] = this.#sums.at(this.#at + packed + i);
    }
    if (d > shiftInput) b[shiftInput] = b[shiftInput]! + this.#ridge[shiftInput]!;
    this.#kernel.solve(this.#a.address, this.#b.address, this.#stateBlock.address, d, this.#scratch.address);
  }
}
