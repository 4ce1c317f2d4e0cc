/** `run --data`: log and state in a folder of this machine. */
import { createCodec } from '../../adapters/avro/codec.ts';
import { openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import { prepareEmbeddedWorker } from '../embedded-worker.ts';
import { settingsIn } from '../stored-settings.ts';
import { defaultScale, type IntakeValues, type OpenIntake } from './intake.ts';

/** Whoever wants recommendations asks for them: there is no topic that others could read. */
const noTopics = { recommendations: 0 };

export const openIntake: OpenIntake<IntakeValues & { readonly data: string | undefined }> = async (
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
    return {
      running,
      ratingsLog: store,
      topicReader: store,
      partitionCount: store.partitionCount,
      codec,
      scale,
      place: { data },
      begin: () => running.begin(),
      close: () => running.stop().finally(() => store.close()),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
};
