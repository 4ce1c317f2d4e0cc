import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until `check` answers with something else than undefined or false. What `check` throws is not retried.
 * @throws Error after `timeoutMs`, naming `what` was waited for.
 */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
  intervalMs = 25,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await delay(intervalMs);
  }
}
