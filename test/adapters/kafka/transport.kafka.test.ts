import { describeTransportContract } from '../../contracts/transport.contract.ts';
import { brokers } from '../../support/kafka/suite.ts';
import { createKafkaRig, type KafkaRig } from './kafka-rig.ts';
import { kafkaUnderTest } from './kafka-under-test.ts';

if (brokers.length > 0) {
  describeTransportContract(
    'kafka',
    async () => {
      const rigs: KafkaRig[] = [];
      return {
        async open({ partitionCount, maxBacklog }) {
          const rig = await createKafkaRig({ partitionCount });
          rigs.push(rig);
          return kafkaUnderTest(rig, maxBacklog);
        },
        async dispose() {
          await Promise.all(rigs.map((rig) => rig.close()));
        },
      };
    },
    {
      cannot: [
        'read single keys',
        'count the backlog exactly',
        'tell of appends',
        'steal partitions',
        'follow deletions',
      ],
      modelRuns: 4,
      modelOperations: 60,
    },
  );
}
