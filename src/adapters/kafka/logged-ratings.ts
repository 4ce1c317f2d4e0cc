/** The ratings topic for a trainer: no group is joined. */
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import { eachPage } from './each-page.ts';
import type { PartitionReader } from './partition-reader.ts';

/** Closes the reader with itself. */
export function topicRatings(reader: PartitionReader, topic: string, partitionCount: number): LoggedRatings {
  return {
    partitionCount,
    bounds: (partition) => reader.bounds(topic, partition),
    async read(partition, from, to, onPage) {
      if (from >= to) return;
      // What came since is read as well, for the reader goes on to the end.
      const wanted = (records: Parameters<typeof onPage>[0]) => records.filter(({ offset }) => offset < to);
      await eachPage(reader, topic, partition, (records) => onPage(wanted(records)), { from });
    },
    close: () => reader.close(),
  };
}
