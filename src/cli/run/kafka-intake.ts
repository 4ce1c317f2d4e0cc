/** `run --brokers`: one worker of a group on Kafka. */
import { hostname } from 'node:os';
import { createCodec } from '../../adapters/avro/codec.ts';
import { createRegistryClient } from '../../adapters/registry/registry-client.ts';
import { createRegistrySchemas } from '../../adapters/registry/registry-schemas.ts';
import { UsageError } from '../../errors.ts';
import type { Values } from '../../setting.ts';
import { connectionOf, topicsOf, type kafkaSettings } from '../kafka-settings.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import { createModelControl } from '../../stream/model-control.ts';
import type { Retraining } from '../../stream/retraining.ts';
import { openRetraining, type RetrainingValues } from '../models/open-retraining.ts';
import { openKafkaWorker } from '../kafka-worker.ts';
import { registryOptionsOf, type registrySettings } from '../registry-settings.ts';
import { advertisedAddress } from './advertised-address.ts';
import { defaultScale, type IntakeValues, type OpenIntake } from './intake.ts';

export interface KafkaIntakeValues
  extends IntakeValues, RetrainingValues, Values<typeof kafkaSettings>, Values<typeof registrySettings> {
  readonly data: string | undefined;
  readonly createTopics: boolean;
  readonly replicationFactor: number | undefined;
  readonly delivery: string;
  readonly onLostOffset: string;
  readonly recommendations: number;
  readonly httpAdvertise: string | undefined;
  readonly sessionTimeoutMs: number;
}

export const openIntake: OpenIntake<KafkaIntakeValues> = async (values, codecOptions, log) => {
  const { brokers, scale = defaultScale, createTopics, partitions = 1 } = values;
  if (brokers === undefined) throw new UsageError(['--brokers is missing: give at least one broker as host:port']);
  const registry = registryOptionsOf(values);
  const schemas = registry === undefined ? undefined : createRegistrySchemas(createRegistryClient(registry), log);
  const codec = createCodec({
    ...codecOptions,
    scale,
    nowMs: () => Date.now(),
    ...(schemas === undefined ? {} : { schemaById: (id) => schemas.schemaById(id) }),
  });
  const kafka = await openKafkaWorker({
    ...values,
    scale,
    codec,
    log,
    connection: connectionOf(values, brokers, log),
    topics: topicsOf(values),
    delivery: values.delivery === 'at-least-once' ? 'at-least-once' : 'exactly-once',
    onLostOffset: values.onLostOffset === 'earliest' ? 'earliest' : 'stop',
    createPartitions: createTopics ? partitions : undefined,
    schemas,
  });
  if (schemas !== undefined) kafka.telemetry.attach({ registry: schemas });
  let retraining: Retraining | undefined;
  const train = (): void => {
    if (values.role !== 'all') return;
    retraining = openRetraining(values, {
      ...{ store: kafka.models, scale, log, settings: values.settings, telemetry: kafka.telemetry },
      source: { kind: 'kafka', values },
      ratingsLogged: kafka.ratingsLogged,
      trainerName: `${hostname()}-${process.pid}`,
      isTriggered: true,
    });
  };
  return {
    running: kafka,
    models: createModelControl(kafka.models, systemClock),
    letters: kafka.letters,
    ratingsLog: kafka.ratingsLog,
    topicReader: kafka.recent,
    partitionCount: kafka.partitionCount,
    codec,
    scale,
    place: { brokers, app: values.app },
    peers: kafka.peers,
    begin({ host, port }) {
      const address = advertisedAddress({ advertise: values.httpAdvertise, host, port, brokers });
      if (address !== null) log.info({ address }, 'other workers are told where this one answers');
      else log.warn({ host }, 'other workers cannot reach this one to forward reads to it: give --http-advertise');
      return kafka.begin(address).then(train);
    },
    close: () => Promise.resolve(retraining?.stop()).finally(() => kafka.stop()),
  };
};
