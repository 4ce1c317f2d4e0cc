/** Work in slices of at most half a millisecond, so that a request never waits long for the thread. */
import type { Clock } from '../ports/clock.ts';

const sliceMs = 0.5;
/** Looking at the clock costs as much as some work: only every so many steps. */
const stepsPerLook = 8;

export class Pace {
  readonly #clock: Clock;
  #sliceStartMs: number;
  #steps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sliceStartMs = clock.monotonicMs();
  }

  /** Ask after each small step; true when it is time to let others run. */
  isOver(): boolean {
    return ++this.#steps % stepsPerLook === 0 && this.#clock.monotonicMs() - this.#sliceStartMs >= sliceMs;
  }

  async breathe(): Promise<void> {
    await this.#clock.breathe();
    this.#sliceStartMs = this.#clock.monotonicMs();
  }
}
