/** Where a reader of the predictions stream stands: the next wanted offset of each partition. */
import type { Offset } from '../../ports/transport.ts';
import { HttpProblem } from './problem.ts';

/**
 * The id of an event: its own `partition:offset` first, then the last passed offset of every other partition (-1 for
 * none), so that one Last-Event-ID resumes them all.
 */
export function eventId(next: readonly Offset[], partition: number, offset: Offset): string {
  let id = `${partition}:${offset}`;
  for (let other = 0; other < next.length; other++) {
    if (other !== partition) id += `,${other}:${(next[other] ?? 0) - 1}`;
  }
  return id;
}

/**
 * Next wanted offsets after `id`; a partition that it does not name starts at `ends`, and none starts beyond it (the
 * log may have been replaced by a younger one). Throws HttpProblem when it is not an id of this stream.
 */
export function resumeAfter(id: string, ends: readonly Offset[]): Offset[] {
  const next = [...ends];
  for (const part of id.split(',')) {
    const [, partition, offset] = /^(\d{1,6}):(-1|\d{1,15})$/.exec(part) ?? [];
    const end = ends[Number(partition)];
    if (end === undefined) {
      throw new HttpProblem(
        'FRESHET_BAD_REQUEST',
        `Last-Event-ID "${id.slice(0, 100)}" is not an id of this stream; send the id of its last event, or none`,
      );
    }
    next[Number(partition)] = Math.min(Number(offset) + 1, end);
  }
  return next;
}
