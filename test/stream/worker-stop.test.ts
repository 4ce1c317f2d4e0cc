import { expect, test } from 'vitest';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { rate } from '../support/flow-inputs.ts';
import { createFlowWorker } from '../support/flow-worker.ts';
import { until } from '../support/test-clock.ts';

test('a worker that is stopped has nothing of its timer left at work, so that the log may be closed', async () => {
  const store = openInMemory();
  let commits = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const flow = createFlowWorker(store, {
    wrapLease: (lease) => ({
      ...lease,
      async commit(checkpoint) {
        commits++;
        await released;
        await lease.commit(checkpoint);
      },
    }),
  });
  await flow.start();
  await store.append(0, [rate('ann', 'x', 4)]);
  await until(() => flow.worker.tasks.get(0)!.nextOffset === 1, 'it is processed');
  flow.clock.passPeriod();
  await until(() => commits === 1, 'the commit of the timer is under way');
  let stopped = false;
  const stopping = flow.worker.stop().then(() => (stopped = true));
  for (let turn = 0; turn < 20; turn++) await flow.clock.breathe();
  expect(stopped).toBe(false);
  release();
  await stopping;
  expect(store.committedOffset(0)).toBe(1);
  flow.clock.passPeriod();
  await flow.stop();
  expect(commits).toBe(1);
});
