/** What a worker will be given when it joins a group of others, as far as that can be told before it does. */
import type { Kafka } from 'kafkajs';
import type { AssignPartitions } from './assigner.ts';
import { membersOf } from './group-protocol.ts';

export interface ExpectedShareOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly assign: AssignPartitions;
}

/** Null when nobody is in the group. */
export async function expectedShare(options: ExpectedShareOptions): Promise<readonly number[] | null> {
  const { kafka, groupId, topic, partitionCount, assign } = options;
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    const members = groups.flatMap((group) => membersOf(topic, group));
    if (members.length === 0) return null;
    const self = { memberId: '', address: null, owned: [], restored: new Map<number, number>() };
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    return assign([...members, self], partitions).get(self.memberId) ?? [];
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
