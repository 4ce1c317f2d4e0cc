import { Kafka, logLevel } from 'kafkajs';
import { until } from './until.ts';

/**
 * Makes a fresh broker create its internal topics and load their coordinators. Without it the first member of the first
 * group meets GROUP_LOAD_IN_PROGRESS, at which kafkajs restarts its consumer.
 */
export async function warmUp(brokers: readonly string[]): Promise<void> {
  const retry = { retries: 3, initialRetryTime: 20, maxRetryTime: 100 };
  const kafka = new Kafka({ clientId: 'warm-up', brokers: [...brokers], logLevel: logLevel.NOTHING, retry });
  // Consecutive last characters have consecutive hashes: four names reach all four partitions of an internal topic.
  const names = ['a', 'b', 'c', 'd'].map((last) => `freshet-test-warm-up-${last}`);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const groups = names.map((groupId) => eventually(`group ${groupId}`, () => admin.fetchOffsets({ groupId })));
    await Promise.all([...groups, ...names.map((id) => eventually(`transaction ${id}`, () => transact(id)))]);
  } finally {
    await admin.disconnect();
  }

  async function transact(transactionalId: string): Promise<void> {
    const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1 });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.abort();
    } finally {
      await producer.disconnect();
    }
  }
}

/** Tries until it succeeds: coordinators that move or load refuse with errors that kafkajs does not always retry. */
function eventually(what: string, act: () => Promise<unknown>): Promise<boolean> {
  return until(what, () =>
    act().then(
      () => true,
      () => false,
    ),
  );
}
