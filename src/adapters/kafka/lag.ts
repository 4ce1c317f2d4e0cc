/** How much of a topic a group has not processed and committed yet. */
import type { Admin } from 'kafkajs';
import { offsetOf } from './offsets.ts';

/** Records over all partitions; what compaction or markers took out of the log counts, too. */
export async function readLag(admin: Admin, topic: string, groupId: string): Promise<number> {
  const [ends, [committed]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  return ends.reduce((sum, { partition, high, low }) => {
    const offset = offsetOf(committed?.partitions.find((each) => each.partition === partition)?.offset ?? '-1');
    return sum + Math.max(0, offsetOf(high) - Math.max(offset, offsetOf(low)));
  }, 0);
}
