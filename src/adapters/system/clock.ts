/** The machine's clock and event loop. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../ports/clock.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
  rest: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  every(periodMs, work) {
    const timer = setInterval(work, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
