/** Waits for a turn at the thread. */
export type Turns = () => Promise<void>;

/** The longest stretch of work on requests between two turns of the event loop. */
export const sliceMs = 0.5;

/**
 * Work on big requests goes in slices, and each turn of the event loop gives one slice to one of them, in the order in
 * which they asked. So a small request waits for one slice at most, however many big ones are under way.
 */
export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  function next(): void {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  }
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}
