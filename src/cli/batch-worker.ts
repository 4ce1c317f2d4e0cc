/** A worker without a server: it takes in what a command appends to a data folder, and stops. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import type { Scale } from '../model/scale.ts';
import type { LearnerSettings } from '../model/settings.ts';
import type { Codec } from '../ports/codec.ts';
import type { CommandIo } from './command.ts';
import { startEmbeddedWorker } from './embedded-worker.ts';
import type { RunningWorker } from './start-worker.ts';

const limits = { checkpointEvents: 4000, checkpointMs: 50, maxUsers: 5_000_000, maxItems: 2_000_000 };

export interface BatchWorkerOptions {
  readonly settings: LearnerSettings;
  readonly scale: Scale;
  readonly codec: Codec;
}

export interface BatchWorker extends RunningWorker {
  /**
   * Resolves once at most `limit` records (none when not given) are not processed and durable. Throws when the worker
   * fails or the command is to stop.
   */
  caughtUp(limit?: number, look?: () => void): Promise<void>;
}

/** Resolves, or rejects, after the worker's last checkpoint. */
export async function withBatchWorker<T>(
  store: EmbeddedStore,
  options: BatchWorkerOptions,
  { stderr, signal }: CommandIo,
  work: (worker: BatchWorker) => Promise<T>,
): Promise<T> {
  const { createLog } = await import('../adapters/logging/log.ts');
  const embedded = await startEmbeddedWorker(store, { ...limits, ...options, log: createLog('warn', stderr) });
  const worker: BatchWorker = {
    ...embedded,
    async caughtUp(limit = 0, look) {
      while (store.backlog() > limit) {
        signal.throwIfAborted();
        await Promise.race([delay(5), embedded.failed]);
        look?.();
      }
    },
  };
  try {
    return await work(worker);
  } finally {
    await embedded.stop();
  }
}
