/** A folder that is thrown away afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCodec } from '../../adapters/avro/codec.ts';
import { openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import { startEmbeddedWorker } from '../embedded-worker.ts';
import { demoCaps, type DemoLearning, type DemoPlace } from './place.ts';

export async function demoInFolder(learning: DemoLearning): Promise<DemoPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-demo-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const codec = createCodec({ scale: learning.scale, nowMs: () => Date.now() });
    const store = await openEmbedded({ folder });
    const running = await startEmbeddedWorker(store, { ...demoCaps, ...learning, codec });
    return {
      ...{ running, codec, topics: null, partitionCount: 1, ratingsLog: store, outputs: store },
      close: () =>
        running
          .stop()
          .finally(() => store.close())
          .finally(remove),
    };
  } catch (error) {
    remove();
    throw error;
  }
}
