/** `run --data`: log and state in a folder of this machine. */
import { createCodec } from '../../adapters/avro/codec.ts';
import { openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import { createModelStore } from '../../adapters/models/model-store.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import { createModelControl } from '../../stream/model-control.ts';
import type { Retraining } from '../../stream/retraining.ts';
import { openRetraining, type RetrainingValues } from '../models/open-retraining.ts';
import { boxInFolder } from '../dead-letters/box-in-folder.ts';
import { prepareEmbeddedWorker } from '../embedded-worker.ts';
import { settingsIn } from '../stored-settings.ts';
import { defaultScale, type IntakeValues, type OpenIntake } from './intake.ts';

/** Whoever wants recommendations asks for them: there is no topic that others could read. */
const noTopics = { recommendations: 0 };

export const openIntake: OpenIntake<IntakeValues & RetrainingValues & { readonly data: string | undefined }> = async (
  values,
  codecOptions,
  log,
) => {
  const { data = '', partitions, maxBacklog } = values;
  const store = await openEmbedded({
    folder: data,
    maxBacklog,
    ...(partitions === undefined ? {} : { partitionCount: partitions }),
  });
  try {
    const scale = values.scale ?? settingsIn(store)?.scale ?? defaultScale;
    const codec = createCodec({ ...codecOptions, scale, nowMs: () => Date.now() });
    const running = prepareEmbeddedWorker(store, { ...values, scale, codec, log, ...noTopics });
    const models = createModelStore(store.models);
    const logged = Array.from({ length: store.partitionCount }, (_, partition) => partition);
    let retraining: Retraining | undefined;
    return {
      running,
      models: createModelControl(models, systemClock),
      letters: boxInFolder(store, codec),
      ratingsLog: store,
      topicReader: store,
      partitionCount: store.partitionCount,
      codec,
      scale,
      place: { data },
      async begin() {
        await running.begin();
        if (values.role === 'worker') return;
        retraining = openRetraining(values, {
          ...{ store: models, scale, log, settings: values.settings, telemetry: running.telemetry },
          source: { kind: 'folder', folder: data },
          ratingsLogged: () =>
            Promise.resolve(logged.reduce((sum, partition) => sum + store.end('ratings', partition), 0)),
          // One process has the folder: a training that its name claims is of an earlier one, which is gone.
          trainerName: 'folder',
          onEnded: () => store.forgetReaders(),
          isTriggered: true,
        });
      },
      close: () =>
        Promise.resolve(retraining?.stop())
          .finally(() => running.stop())
          .finally(() => store.close()),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
};
