/** Forgetting a user on Kafka, by the same composition that `freshet run` makes. */
import { expect, test } from 'vitest';
import { startKafkaWorker } from '../../src/cli/kafka-worker.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { brokers, describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { forget, rate } from '../support/flow-inputs.ts';
import { flowCodec, flowScale, silentLog, smallSettings } from '../support/flow-worker.ts';

describeKafka('forgetting a user on Kafka', () => {
  test('gives a receipt with the tombstone it answers, also for a user never seen', async () => {
    const app = uniqueName('receipt');
    const topics = topicsOfApp(app);
    const running = await startKafkaWorker({
      settings: smallSettings,
      scale: flowScale,
      codec: flowCodec,
      log: silentLog,
      checkpointEvents: 100,
      checkpointMs: 20,
      maxUsers: 1e6,
      maxItems: 1e6,
      connection: { brokers, clientId: app, log: silentLog },
      topics,
      app,
      delivery: 'exactly-once',
      onLostOffset: 'stop',
      maxBacklog: 100_000,
      createPartitions: 1,
    });
    await running.ratingsLog.append(0, [rate('ann', 'x', 4), rate('ann', 'y', 2), forget('ann'), forget('stranger')]);
    const receipts = await awaitCommitted(brokers, topics.receipts, 2);
    expect(receipts.map(({ key, value }) => ({ key, ...flowCodec.decodeForgetReceipt(value!) }))).toMatchObject([
      { key: 'ann', userId: 'ann', known: true, rememberedRatings: 2, sourcePartition: 0, sourceOffset: 2 },
      { key: 'stranger', userId: 'stranger', known: false, rememberedRatings: 0, sourcePartition: 0, sourceOffset: 3 },
    ]);
    await running.stop();
  });
});
