/**
 * SIGINT and SIGTERM as an AbortSignal. The first one asks the command to finish what it began; at the second the user, or
 * the platform, will not wait.
 */
/** The process, as far as it is needed here. */
export interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

export interface StopReaction {
  readonly remark: (text: string) => void;
  /** Ends the process at once. */
  readonly force: () => void;
}

/** `source` is the process; the signal's reason is an Error with the signal's name as its message. */
export function stopSignal(source: SignalSource, { remark, force }: StopReaction): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    source.on(name, () => {
      if (stop.signal.aborted) {
        force();
        return;
      }
      remark(`freshet: ${name}, finishing; once more to stop at once\n`);
      stop.abort(new Error(name));
    });
  }
  return stop.signal;
}
