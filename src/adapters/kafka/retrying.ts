/** Requests of a producer that may succeed in a moment: markers still to be written, leaders and coordinators that move. */
import { setTimeout as delay } from 'node:timers/promises';
import { isWorthRetrying } from './broker-error.ts';
import { brokerErrorType } from './kafka-error.ts';

const firstPauseMs = 2;
/** After a commit the next transaction meets CONCURRENT_TRANSACTIONS until the markers are written, some milliseconds. */
const markersPauseMs = 4;
const longestPauseMs = 1000;
/** Outlasts the move of a leader. */
const patienceMs = 6000;

/** Repeats `work` until it succeeds, is not worth retrying, or `isWanted` says that nobody waits for it. */
export async function retrying<T>(work: () => Promise<T>, isWanted: () => boolean): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() >= untilMs || !isWanted() || !isWorthRetrying(error)) throw error;
      if (brokerErrorType(error) === 'CONCURRENT_TRANSACTIONS') pauseMs = Math.min(pauseMs, markersPauseMs);
    }
    await delay(pauseMs);
  }
}
