/**
 * Topics and a group of the demo's own, named after the application: with `freshet`, the group `freshet-demo` and the
 * topics `freshet-demo-ratings`, `freshet-demo-predictions` and so on. The topics stay for whoever wants to look, until
 * the next demo makes them anew; the group is deleted.
 */
import { createCodec } from '../../adapters/avro/codec.ts';
import { defaultTopics, type KafkaTopics } from '../../adapters/kafka/changelog.ts';
import { createKafka } from '../../adapters/kafka/connection.ts';
import { forgetGroup, openDemoTopics } from '../../adapters/kafka/throwaway-group.ts';
import { createRegistryClient } from '../../adapters/registry/registry-client.ts';
import { createRegistrySchemas } from '../../adapters/registry/registry-schemas.ts';
import { UsageError } from '../../errors.ts';
import type { Values } from '../../setting.ts';
import { withFramedRatings } from '../confluent-ratings.ts';
import { connectionOf, type connectionSettings } from '../kafka-settings.ts';
import { startKafkaWorker } from '../kafka-worker.ts';
import { registryOptionsOf, type registrySettings } from '../registry-settings.ts';
import { demoCaps, type DemoLearning, type DemoPlace } from './place.ts';

export interface DemoKafkaValues extends Values<typeof connectionSettings>, Values<typeof registrySettings> {
  readonly createTopics: boolean;
  readonly replicationFactor: number | undefined;
}

const dashed = (role: string): string => role.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function demoTopics(app: string): KafkaTopics {
  const names = Object.keys(defaultTopics).map((role): [string, string] => [role, `${app}-${dashed(role)}`]);
  return { ...defaultTopics, ...Object.fromEntries(names) };
}

export async function demoOnKafka(values: DemoKafkaValues, learning: DemoLearning): Promise<DemoPlace> {
  const { brokers, createTopics, replicationFactor } = values;
  if (brokers === undefined) throw new UsageError(['--brokers is missing: give at least one broker as host:port']);
  const app = `${values.app}-demo`;
  const topics = demoTopics(app);
  const connection = connectionOf({ ...values, app }, brokers, learning.log);
  const kafka = createKafka(connection);
  await openDemoTopics({ kafka, brokers, topics, groupId: app, anew: createTopics });

  const registry = registryOptionsOf(values);
  const schemas = registry && createRegistrySchemas(createRegistryClient(registry), learning.log);
  const codec = createCodec({
    scale: learning.scale,
    nowMs: () => Date.now(),
    ...(schemas === undefined ? {} : { schemaById: (id) => schemas.schemaById(id) }),
  });
  const framed = await withFramedRatings(codec, values, topics.ratings);
  const worker = await startKafkaWorker({
    ...{ ...demoCaps, ...learning, codec, connection, topics, app, schemas, replicationFactor },
    delivery: 'exactly-once',
    onLostOffset: 'stop',
    maxBacklog: 1_000_000,
    createPartitions: createTopics ? 1 : undefined,
  });
  const { partitionCount, ratingsLog, recent: outputs } = worker;
  return {
    ...{ running: worker, codec: framed, topics: { ...topics }, partitionCount, ratingsLog, outputs },
    close: () => worker.stop().finally(() => forgetGroup(kafka, app, brokers)),
  };
}
