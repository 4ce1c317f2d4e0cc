/** Back-pressure: room is asked for before anything of a request is stored, so that 429 always means "nothing of it". */
import { OverloadedError } from '../../errors.ts';
import type { RatingsLog } from '../../ports/transport.ts';
import type { HttpLimits } from './limits.ts';

export interface IntakeGate {
  /** Room for a body that is about to arrive; null when its length is not known. Returns what gives it back, once. */
  admitBody(bytes: number | null): () => void;
  /** Room in the log for a request's ratings. Returns what gives it back, once they are in the log or refused. */
  admitRatings(count: number): () => void;
}

/** Both throw OverloadedError. A request always fits when nothing else is under way. */
export function createIntakeGate(log: Pick<RatingsLog, 'backlog'>, limits: HttpLimits): IntakeGate {
  let bodyBytes = 0;
  let appending = 0;
  return {
    admitBody(bytes) {
      const reserved = Math.min(bytes ?? limits.bodyMaxBytes, limits.bodyMaxBytes);
      if (bodyBytes > 0 && bodyBytes + reserved > limits.pendingBodiesMaxBytes) {
        throw new OverloadedError(
          `requests of ${bodyBytes} bytes are under way, the limit is ${limits.pendingBodiesMaxBytes}; repeat the request later`,
        );
      }
      bodyBytes += reserved;
      return () => (bodyBytes -= reserved);
    },
    admitRatings(count) {
      const waiting = log.backlog() + appending;
      if (waiting > 0 && waiting + count > limits.backlogMaxCount) {
        throw new OverloadedError(
          `${waiting} ratings wait to be learned and ${count} more would pass the limit of ${limits.backlogMaxCount}; ` +
            'nothing of the request was accepted, repeat it later',
        );
      }
      appending += count;
      return () => (appending -= count);
    },
  };
}
