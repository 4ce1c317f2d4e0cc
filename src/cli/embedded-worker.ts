/** A worker on the embedded transport. */
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import { createModelStore } from '../adapters/models/model-store.ts';
import { refuseOtherSettings, storedSettingsOf } from '../stream/stored-settings.ts';
import {
  createFailure,
  prepareWorker,
  type PreparedWorker,
  type RunningWorker,
  type WorkerOptions,
} from './start-worker.ts';
import { settingsIn } from './stored-settings.ts';

/** Restores every partition of the store, then works. */
export async function startEmbeddedWorker(store: EmbeddedStore, options: WorkerOptions): Promise<RunningWorker> {
  const worker = prepareEmbeddedWorker(store, options);
  await worker.begin();
  return worker;
}

/**
 * Throws UsageError when the store was learned with another scale or other settings. The store stays the caller's to
 * close.
 */
export function prepareEmbeddedWorker(store: EmbeddedStore, options: WorkerOptions): PreparedWorker {
  const learned = settingsIn(store);
  if (learned !== undefined)
    refuseOtherSettings(learned, storedSettingsOf({ ...options, partitionCount: store.partitionCount }));
  const failure = createFailure();
  const member = store.member({ onFatal: failure.fail });
  const all = Array.from({ length: store.partitionCount }, (_, partition) => partition);
  return prepareWorker(
    {
      models: createModelStore(store.models),
      transport: member,
      feed: member.items,
      topic: 'ratings',
      ratingsLog: store,
      waiting: () => store.backlog(),
      failure,
      ours: () => all,
    },
    options,
  );
}
