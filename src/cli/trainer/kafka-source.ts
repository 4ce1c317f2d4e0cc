/** Ratings and models of a group on Kafka; no group is joined. */
import { createKafka } from '../../adapters/kafka/connection.ts';
import { topicRatings } from '../../adapters/kafka/logged-ratings.ts';
import { openKafkaModelTable } from '../../adapters/kafka/model-table.ts';
import { createPartitionReader } from '../../adapters/kafka/partition-reader-kafkajs.ts';
import { ratingsPartitionCount } from '../../adapters/kafka/topics.ts';
import { createLog } from '../../adapters/logging/log.ts';
import { createModelReader } from '../../adapters/models/model-store.ts';
import { createRegistryClient } from '../../adapters/registry/registry-client.ts';
import { createRegistrySchemas } from '../../adapters/registry/registry-schemas.ts';
import { UsageError } from '../../errors.ts';
import { connectionOf, topicsOf } from '../kafka-settings.ts';
import { registryOptionsOf } from '../registry-settings.ts';
import type { KafkaSource, OpenedSource } from './place.ts';

export async function openKafkaSource({ values }: KafkaSource): Promise<OpenedSource> {
  const { app, brokers } = values;
  if (brokers === undefined) throw new UsageError(['--brokers is missing: give at least one broker as host:port']);
  const log = createLog('error', process.stderr);
  const connection = connectionOf(values, brokers, log);
  const topics = topicsOf(values);
  const kafka = createKafka(connection);
  const partitionCount = await ratingsPartitionCount({ kafka, brokers, topics });
  const reader = createPartitionReader(connection);
  const table = openKafkaModelTable({ kafka, reader, topic: topics.models, app, log });
  const ratings = topicRatings(reader, topics.ratings, partitionCount);
  const registry = registryOptionsOf(values);
  const schemas = registry === undefined ? undefined : createRegistrySchemas(createRegistryClient(registry), log);
  return {
    ratings: { ...ratings, close: () => table.close().finally(() => ratings.close()) },
    models: createModelReader(table),
    ...(schemas === undefined ? {} : { schemas, schemaById: (id: number) => schemas.schemaById(id) }),
  };
}
