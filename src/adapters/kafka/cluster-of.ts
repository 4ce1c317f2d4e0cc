/** The connections of a kafkajs client for requests of our own. kafkajs shows them to partition assigners only. */
import { PartitionAssigners, type Cluster, type Kafka } from 'kafkajs';
import { InvariantViolation } from '../../errors.ts';

/** A new set of connections with the client's settings; connect and disconnect them. Ends of logs are those of committed data unless said otherwise. */
export function clusterOf(kafka: Kafka, { readUncommitted = false } = {}): Cluster {
  const found: Cluster[] = [];
  kafka.consumer({
    groupId: 'never joined',
    readUncommitted,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false, // looking at a topic must not make it
    partitionAssigners: [
      (tools) => {
        found.push(tools.cluster);
        return PartitionAssigners.roundRobin(tools);
      },
    ],
  });
  const [cluster] = found;
  if (cluster === undefined) throw new InvariantViolation('kafkajs did not show its cluster. Please report it.');
  return cluster;
}
