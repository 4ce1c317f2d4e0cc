import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedStore } from '../../../src/adapters/embedded/embedded-store.ts';
import type { EmbeddedMember } from '../../../src/adapters/embedded/member.ts';
import { openEmbedded } from '../../../src/adapters/embedded/open-embedded.ts';
import { openInMemory } from '../../../src/adapters/embedded/open-in-memory.ts';
import type { TransportHarness, TransportUnderTest } from '../../contracts/transport-harness.ts';
import { describeTransportContract } from '../../contracts/transport.contract.ts';
import { oneShotFailures } from './one-shot-failures.ts';
import { removeFolder } from '../../support/remove-folder.ts';

describeTransportContract('in memory', async () => ({
  open(options) {
    const failures = oneShotFailures();
    return Promise.resolve(
      underTest(openInMemory({ ...options, hooks: failures.hooks }), failures.failNextCommit, (store) =>
        Promise.resolve(store.crash()),
      ),
    );
  },
  dispose: () => Promise.resolve(),
}));

describeTransportContract('a folder', async (): Promise<TransportHarness> => {
  const parent = mkdtempSync(join(tmpdir(), 'freshet-'));
  const stores = new Set<EmbeddedStore>();
  let opened = 0;
  return {
    async open(options) {
      const failures = oneShotFailures();
      const all = { ...options, hooks: failures.hooks, folder: join(parent, String(opened++)) };
      const reopen = async (): Promise<EmbeddedStore> => {
        const store = await openEmbedded(all);
        stores.add(store);
        return store;
      };
      return underTest(await reopen(), failures.failNextCommit, async (store) => {
        stores.delete(store);
        await store.close();
        return reopen();
      });
    },
    async dispose() {
      await Promise.all([...stores].map((store) => store.close()));
      removeFolder(parent);
    },
  };
});

function underTest<S extends EmbeddedStore>(
  store: S,
  failNextCommit: (when: 'before' | 'after') => void,
  reopen: (store: S) => Promise<S>,
): TransportUnderTest {
  const workers: EmbeddedMember[] = [];
  return {
    ...store,
    failNextCommit,
    worker(options) {
      const worker = store.member(options);
      workers.push(worker);
      return worker;
    },
    async crash() {
      for (const worker of workers) worker.crash();
      return underTest(await reopen(store), failNextCommit, reopen);
    },
  };
}
