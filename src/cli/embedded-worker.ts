/** A worker on the embedded transport. */
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import { refuseOtherSettings, storedSettingsOf } from '../stream/stored-settings.ts';
import { createFailure, startWorker, type RunningWorker, type WorkerOptions } from './start-worker.ts';
import { settingsIn } from './stored-settings.ts';

/**
 * Restores every partition of the store, then works. Throws UsageError, before anything is delivered, when the store was
 * learned with another scale or other settings. The store stays the caller's to close.
 */
export async function startEmbeddedWorker(store: EmbeddedStore, options: WorkerOptions): Promise<RunningWorker> {
  const learned = settingsIn(store);
  if (learned !== undefined) refuseOtherSettings(learned, storedSettingsOf(options));
  const failure = createFailure();
  const member = store.member({ onFatal: failure.fail });
  return startWorker(
    { transport: member, feed: member.items, topic: 'ratings', ratingsLog: store, failure, isAlone: true },
    options,
  );
}
