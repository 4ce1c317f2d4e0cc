/** How long any of several tasks was at work, which share a thread: while one waits for the others, time counts once. */
export class BusyTime {
  #atWork = 0;
  #sinceMs = 0;
  #spentMs = 0;

  begin(nowMs: number): void {
    if (this.#atWork++ === 0) this.#sinceMs = nowMs;
  }

  end(nowMs: number): void {
    if (--this.#atWork === 0) this.#spentMs += nowMs - this.#sinceMs;
  }

  /** Since the beginning, what is going on included. */
  spentMs(nowMs: number): number {
    return this.#spentMs + (this.#atWork === 0 ? 0 : nowMs - this.#sinceMs);
  }
}
