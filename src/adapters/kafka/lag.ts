/** How much of a topic a group has not processed and committed yet. */
import type { Admin } from 'kafkajs';
import { offsetOf } from './offsets.ts';

/** Records by partition; what compaction or markers took out of the log counts, too. */
export async function readLag(admin: Admin, topic: string, groupId: string): Promise<ReadonlyMap<number, number>> {
  const [ends, [committed]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  return new Map(
    ends.map(({ partition, high, low }) => {
      const offset = offsetOf(committed?.partitions.find((each) => each.partition === partition)?.offset ?? '-1');
      return [partition, Math.max(0, offsetOf(high) - Math.max(offset, offsetOf(low)))];
    }),
  );
}

export const totalOf = (lag: ReadonlyMap<number, number>): number =>
  [...lag.values()].reduce((sum, records) => sum + records, 0);
