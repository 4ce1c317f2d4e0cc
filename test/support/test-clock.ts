/** A clock that stands still until the test moves it, and whose periods pass when the test says so. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/ports/clock.ts';

export interface TestClock extends Clock {
  setNowMs(nowMs: number): void;
  /** Every period passes once; or every one that is not longer. */
  passPeriod(longestMs?: number): void;
}

export const testNowMs = Date.UTC(2024, 0, 1);

/** `msPerLook`: what passes on the monotonic clock at each look, so that slices of work end early and always at the same step. */
export function createTestClock(msPerLook = 0.2): TestClock {
  let nowMs = testNowMs;
  let monotonicMs = 0;
  const periodic = new Map<() => void, number>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => (monotonicMs += msPerLook),
    breathe: () => nextTurn(),
    rest: () => nextTurn(),
    every(periodMs, work) {
      periodic.set(work, periodMs);
      return () => periodic.delete(work);
    },
    setNowMs(next) {
      nowMs = next;
    },
    passPeriod(longestMs = Infinity) {
      for (const [work, periodMs] of periodic) if (periodMs <= longestMs) work();
    },
  };
}

/** Lets the event loop turn until the condition holds; throws when it does not come to hold. */
export async function until(holds: () => boolean, what: string, maxTurns = 100_000): Promise<void> {
  for (let turn = 0; turn < maxTurns; turn++) {
    if (holds()) return;
    await nextTurn();
  }
  throw new Error(`it never came true that ${what}`);
}
