/** One step after the other: work that is asked for while another is under way waits for it, in order. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    // The next turn comes whether this one fails or not; its failure is the caller's to see.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
