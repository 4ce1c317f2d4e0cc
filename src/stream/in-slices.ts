/** Long work beside a stream: a little at a time, and most of the time it stands back. */
import { type Steps } from '../model/steps.ts';
import type { Clock } from '../ports/clock.ts';

const sliceMs = 1;
/** After each slice: so a stream keeps four fifths of its thread. */
const restMs = 4;

/** Rests only while somebody needs the thread, which `isNeeded` tells. Rejects with what the steps throw. */
export async function inSlices<Result>(
  steps: Steps<Result>,
  clock: Pick<Clock, 'monotonicMs' | 'breathe' | 'rest'>,
  isNeeded: () => boolean,
): Promise<Result> {
  for (let startMs = clock.monotonicMs(); ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (clock.monotonicMs() - startMs < sliceMs) continue;
    await (isNeeded() ? clock.rest(restMs) : clock.breathe());
    startMs = clock.monotonicMs();
  }
}
