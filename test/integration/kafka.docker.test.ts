import { expect, it, describe } from 'vitest';
import { startDockerKafka } from '../support/kafka/docker-kafka.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { createTopics, testClient } from '../support/kafka/topics.ts';
import { warmUp } from '../support/kafka/warm-up.ts';

/** Needs a Docker daemon and FRESHET_TEST_KAFKA_IMAGE, or a registry to pull the default image from. */
describe('a broker in a container', () => {
  it('takes transactions from outside of the container, and is gone after stop', { timeout: 180_000 }, async () => {
    const kafka = await startDockerKafka();
    try {
      await warmUp(kafka.brokers);
      const topic = 'docker';
      await createTopics(kafka.brokers, [{ topic, numPartitions: 1 }]);
      const producer = testClient(kafka.brokers).producer({ transactionalId: topic, maxInFlightRequests: 1 });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'from outside' }] });
      await transaction.commit();
      await producer.disconnect();
      const [record] = await awaitCommitted(kafka.brokers, topic, 1);
      expect(record?.value?.toString()).toBe('from outside');
    } finally {
      await kafka.stop();
    }
    const admin = testClient(kafka.brokers, { retry: { retries: 0 } }).admin();
    await expect(admin.connect()).rejects.toThrow(/ECONNREFUSED/);
  });
});
