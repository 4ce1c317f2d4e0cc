/** Work beside the stream that nobody waits for, one at a time: what is asked for while it is under way is left out. */
export class Background {
  #isUnderWay = false;
  #last: Promise<void> = Promise.resolve();

  /** `failed` is told when it fails. */
  start(work: () => Promise<void>, failed: (error: unknown) => void): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#last = this.#run(work, failed);
  }

  /** Resolves when what was started last has ended. */
  ended(): Promise<void> {
    return this.#last;
  }

  async #run(work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
    try {
      await work();
    } catch (error) {
      failed(error);
    } finally {
      this.#isUnderWay = false;
    }
  }
}
