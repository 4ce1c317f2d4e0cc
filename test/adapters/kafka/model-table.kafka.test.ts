import { afterEach } from 'vitest';
import { openKafkaModelTable, type KafkaModelTable } from '../../../src/adapters/kafka/model-table.ts';
import { createKafka } from '../../../src/adapters/kafka/connection.ts';
import { createPartitionReader } from '../../../src/adapters/kafka/partition-reader-kafkajs.ts';
import { topicSettings } from '../../../src/adapters/kafka/topic-settings.ts';
import { modelStoreContract } from '../../contracts/model-store.contract.ts';
import { brokers, describeKafka, uniqueName } from '../../support/kafka/suite.ts';
import { createTopics } from '../../support/kafka/topics.ts';
import { quiet } from './given-reader.ts';

describeKafka('on a topic', () => {
  const opened: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });

  modelStoreContract('compacted topic', async () => {
    const app = uniqueName('models');
    const topic = `${app}-models`;
    const configEntries = Object.entries(topicSettings.models).map(([name, value]) => ({ name, value }));
    await createTopics(brokers, [{ topic, numPartitions: 1, configEntries }]);
    const open = (): KafkaModelTable => {
      const connection = { brokers, clientId: app, log: quiet };
      const reader = createPartitionReader(connection);
      const table = openKafkaModelTable({
        kafka: createKafka(connection),
        reader,
        topic,
        app,
        log: quiet,
        everyMs: 50,
      });
      opened.push(() => table.close().finally(() => reader.close()));
      return table;
    };
    return { table: open(), reopen: async () => open() };
  });
});
