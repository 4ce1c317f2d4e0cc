/** Time, as the flow sees it. Tests hand in a clock of their own. */
export interface Clock {
  /** Milliseconds since 1970, for event times and logs. */
  nowMs(): number;
  /** Monotonic milliseconds, for durations and slices of work. */
  monotonicMs(): number;
  /** Lets everything else that waits for the thread run first. */
  breathe(): Promise<void>;
  /** The same for at least so long. */
  rest(ms: number): Promise<void>;
  /** Calls `work` every `periodMs` until the returned function is called. */
  every(periodMs: number, work: () => void): () => void;
}
