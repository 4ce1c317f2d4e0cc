/** Where a schedule's log lives, and how it fails. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import type { FlowWorker } from '../support/flow-worker.ts';
import { oneShotFailures } from '../adapters/embedded/one-shot-failures.ts';
import { removeFolder } from '../support/remove-folder.ts';

export interface FlowDisk {
  readonly store: EmbeddedStore;
  failNextCommit(when: 'before' | 'after'): void;
  /** Everything dies with these workers; what the next process finds. */
  crash(workers: readonly FlowWorker[]): Promise<EmbeddedStore>;
  dispose(): Promise<void>;
}

export type OpenDisk = (partitionCount: number) => Promise<FlowDisk>;

export const inMemory: OpenDisk = async (partitionCount) => {
  const failures = oneShotFailures();
  let store = openInMemory({ partitionCount, hooks: failures.hooks });
  return {
    store,
    failNextCommit: failures.failNextCommit,
    async crash(workers) {
      const next = store.crash(); // first: nothing that is on its way becomes durable
      await Promise.all(workers.map((worker) => worker.crash()));
      return (store = next);
    },
    dispose: () => store.close(),
  };
};

export const inFolder: OpenDisk = async (partitionCount) => {
  const failures = oneShotFailures();
  const folder = mkdtempSync(join(tmpdir(), 'freshet-'));
  const open = (): Promise<EmbeddedStore> => openEmbedded({ folder, partitionCount, hooks: failures.hooks });
  let store = await open();
  return {
    store,
    failNextCommit: failures.failNextCommit,
    async crash(workers) {
      await Promise.all(workers.map((worker) => worker.crash()));
      await store.close();
      return (store = await open());
    },
    async dispose() {
      await store.close();
      removeFolder(folder);
    },
  };
};
