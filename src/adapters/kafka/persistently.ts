/** Work that must succeed sooner or later: brokers go away and come back. */
import { setTimeout as delay } from 'node:timers/promises';
import { FreshetError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import { messageOf } from './kafka-error.ts';

const firstPauseMs = 50;
const longestPauseMs = 1000;

/** Repeats `work` until it succeeds; errors of our own that stay end it at once, and so does what `assertWanted` throws. */
export async function persistently<T>(
  what: string,
  work: () => Promise<T>,
  assertWanted: () => void,
  log: Log,
): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    assertWanted();
    try {
      return await work();
    } catch (error) {
      if (error instanceof FreshetError && !error.retriable) throw error;
      log.warn({ what, pauseMs, reason: messageOf(error) }, 'the broker did not do as asked, trying again');
    }
    await delay(pauseMs);
  }
}
