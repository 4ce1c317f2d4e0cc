/** A group of its own on the broker: names, flags for the commands, and workers as `freshet run` composes them. */
import { createCodec, type CodecOptions } from '../../src/adapters/avro/codec.ts';
import { defaultTopics, type KafkaTopics } from '../../src/adapters/kafka/changelog.ts';
import { createKafka } from '../../src/adapters/kafka/connection.ts';
import { createTopics } from '../../src/adapters/kafka/topics.ts';
import { startKafkaWorker, type KafkaWorker, type KafkaWorkerOptions } from '../../src/cli/kafka-worker.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { silentLog } from '../support/flow-worker.ts';
import { brokers, uniqueName } from '../support/kafka/suite.ts';

export async function kafkaGroup(partitionCount: number) {
  const app = uniqueName('ops');
  const topics = Object.fromEntries(
    Object.keys(defaultTopics).map((role) => [role, `${app}-${role}`]),
  ) as unknown as KafkaTopics;
  const connection = { brokers, clientId: app, log: silentLog };
  await createTopics({ kafka: createKafka(connection), brokers, topics, partitionCount });
  const names = Object.entries(topics).map((pair) => pair.join('='));
  return {
    app,
    topics,
    flags: ['--brokers', brokers.join(','), '--app', app, '--topics', names.join(',')],
    worker({
      schemas,
      ...codecOptions
    }: Partial<CodecOptions> & Pick<KafkaWorkerOptions, 'schemas'> = {}): Promise<KafkaWorker> {
      const scale = codecOptions.scale ?? { lo: 1, hi: 5 };
      return startKafkaWorker({
        ...{ connection, topics, app, scale, log: silentLog, settings: defaultSettings, schemas },
        codec: createCodec({ ...codecOptions, scale, nowMs: () => Date.now() }),
        ...{ checkpointEvents: 4000, checkpointMs: 50, maxUsers: 1e6, maxItems: 1e6, maxBacklog: 1e6 },
        delivery: 'exactly-once',
        onLostOffset: 'stop',
      });
    },
  };
}

export type KafkaGroup = Awaited<ReturnType<typeof kafkaGroup>>;
