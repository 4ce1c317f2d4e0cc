/** Whether a task can go on where it stopped: the ratings from there on must still be in the log. */
import { LostOffsetError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import type { Offset } from '../../ports/transport.ts';
import type { PartitionReader } from './partition-reader.ts';

/** What to do when ratings were deleted before they were learned: stop, or learn what is left. */
export type OnLostOffset = 'stop' | 'earliest';

/** The offset to start at; null stands for the beginning of the log. Throws LostOffsetError. */
export async function retainedOffset(
  reader: PartitionReader,
  topic: string,
  partition: number,
  offset: Offset | null,
  onLost: OnLostOffset,
  log: Log,
): Promise<Offset> {
  const { start, end } = await reader.bounds(topic, partition);
  if (offset === null) return start;
  if (offset >= start && offset <= end) return offset;
  const context = { topic, partition, offset, start, end };
  if (onLost === 'earliest') {
    log.warn(context, 'the committed offset is no longer in the log, starting at the earliest');
    return start;
  }
  const why =
    offset < start
      ? `the log begins at ${start}: ${start - offset} ratings were deleted before they were learned`
      : `the log ends at ${end}: the topic was made anew or has lost records`;
  throw new LostOffsetError(
    `Partition ${partition} of ${topic} is committed up to ${offset}, but ${why}. ` +
      'Either start with `--on-lost-offset earliest` to go on with what is left, or bring the records back (longer retention, a copy of the topic) and start again.',
    context,
  );
}
