/**
 * The least that anybody writes with kafkajs: consume, produce as many messages of the same sizes as Freshet does, commit
 * the offsets in the same transaction. It decodes nothing and learns nothing.
 *
 *   node bare-loop.mjs '{"brokers":[...],"groupId":...,"topic":...,"transaction":N,"outputs":[{"topic","perInput","keyBytes","valueBytes"}]}'
 */
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

const { brokers, groupId, topic, transaction: transactionSize, outputs } = JSON.parse(process.argv[2]);
const kafka = new Kafka({
  brokers,
  clientId: groupId,
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 5, maxRetryTime: 1000, retries: 12 },
});
const producer = kafka.producer({ transactionalId: groupId, maxInFlightRequests: 1, idempotent: true });
const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
const key = new Map(outputs.map(({ topic: name, keyBytes }) => [name, randomBytes(keyBytes)]));
const value = new Map(outputs.map(({ topic: name, valueBytes }) => [name, randomBytes(valueBytes)]));

await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  async eachBatch({ batch: { messages, partition }, resolveOffset, heartbeat }) {
    for (let from = 0; from < messages.length; from += transactionSize) {
      const part = messages.slice(from, from + transactionSize);
      const topicMessages = outputs.map(({ topic: name, perInput }) => ({
        topic: name,
        messages: Array.from({ length: Math.round(perInput * part.length) }, () => ({
          key: key.get(name),
          value: value.get(name),
          partition,
        })),
      }));
      const last = part.at(-1).offset;
      const transaction = await producer.transaction();
      await transaction.sendBatch({ topicMessages });
      const partitions = [{ partition, offset: String(Number(last) + 1) }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
      await transaction.commit();
      resolveOffset(last);
      await heartbeat();
    }
  },
});
console.log('ready');
process.on('SIGTERM', () => process.exit(0));
