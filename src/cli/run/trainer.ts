/** `run --role trainer`: trains networks for the workers of a group on Kafka, and is no member of it. */
import { once } from 'node:events';
import { hostname } from 'node:os';
import { createOperationsServer } from '../../adapters/http/operations-server.ts';
import { openKafkaModelTable } from '../../adapters/kafka/model-table.ts';
import { createModelStore } from '../../adapters/models/model-store.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import { createTelemetry } from '../../adapters/telemetry/telemetry.ts';
import type { LearnerSettings } from '../../model/settings.ts';
import type { Log } from '../../ports/log.ts';
import type { RatingScale, Values } from '../../setting.ts';
import { announceModels } from '../../stream/announce-models.ts';
import { createModelControl } from '../../stream/model-control.ts';
import type { CommandIo } from '../command.ts';
import { partitionsOf, withKafka } from '../kafka-client.ts';
import type { kafkaSettings } from '../kafka-settings.ts';
import { openRetraining, type RetrainingValues } from '../models/open-retraining.ts';
import type { registrySettings } from '../registry-settings.ts';
import { defaultScale } from './intake.ts';

export type TrainerValues = RetrainingValues &
  Values<typeof kafkaSettings> &
  Values<typeof registrySettings> & {
    readonly scale: RatingScale | undefined;
    readonly settings: LearnerSettings;
    readonly httpHost: string;
    readonly httpPort: number;
  };

export function runTrainer(
  values: TrainerValues,
  token: string | undefined,
  log: Log,
  { stderr, signal }: CommandIo,
): Promise<void> {
  return withKafka(values, { stderr }, ['ratings', 'models'], async (client) => {
    const { reader, topics } = client;
    const table = openKafkaModelTable({ ...client, topic: topics.models, log });
    const store = createModelStore(table);
    const telemetry = createTelemetry();
    const server = createOperationsServer({
      ...{ models: createModelControl(store, systemClock), log },
      readiness: () => ({ kind: 'ready' }),
      metricsText: () => telemetry.metricsText(),
      onAnswered: (...request) => telemetry.httpRequest(...request),
      ...(token === undefined ? {} : { token }),
    });
    const { host, port } = await server.listen({ host: values.httpHost, port: values.httpPort });
    const silence = await announceModels(store, log, telemetry);
    const retraining = openRetraining(values, {
      ...{ store, log, telemetry, settings: values.settings, scale: values.scale ?? defaultScale },
      source: { kind: 'kafka', values },
      ratingsLogged: async () => {
        const ends = await reader.ends(topics.ratings, partitionsOf(client));
        return [...ends.values()].reduce((sum, end) => sum + end, 0);
      },
      trainerName: `${hostname()}-${process.pid}`,
      isTriggered: true,
    });
    try {
      log.info({ httpHost: host, httpPort: port, role: 'trainer', app: values.app }, 'ready');
      if (!signal.aborted) await once(signal, 'abort');
      log.info({ reason: (signal.reason as Error | undefined)?.message }, 'draining');
    } finally {
      await server.close();
      await retraining.stop();
      await silence();
      await table.close();
    }
  });
}
