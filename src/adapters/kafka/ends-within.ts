/** Waits for work, but not for ever. */
import { setTimeout as delay } from 'node:timers/promises';

/** False when the work goes on after so long; what it throws before that is thrown. */
export async function endsWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const given = new AbortController();
  const timeout = delay(timeoutMs, false, { signal: given.signal }).catch(() => false);
  work.catch(() => undefined); // it may fail when nobody waits any more
  try {
    return await Promise.race([work.then(() => true), timeout]);
  } finally {
    given.abort();
  }
}
