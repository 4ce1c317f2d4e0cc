import { describe, expect, test } from 'vitest';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { CommitFailedError, CorruptStateError } from '../../src/errors.ts';
import { startFlow } from '../support/flow-harness.ts';
import { rate } from '../support/flow-inputs.ts';
import { createFlowWorker } from '../support/flow-worker.ts';
import { until } from '../support/test-clock.ts';

const ratings = [rate('ann', 'x', 4), rate('bob', 'y', 2)];

describe('a checkpoint whose outcome cannot be found out', () => {
  test('is the last one: nothing is published twice, however the worker is stopped', async () => {
    let hidden = false;
    let leases = 0;
    const store = openInMemory({
      hooks: {
        after(kind) {
          if (kind !== 'commit' || hidden) return;
          hidden = true;
          throw new Error('the answer was lost');
        },
        before(kind) {
          if (kind === 'lease' && ++leases === 2) throw new Error('and so was the question');
        },
      },
    });
    const flow = createFlowWorker(store);
    await flow.start();
    await store.append(0, ratings);
    await until(() => flow.worker.tasks.get(0)!.nextOffset === 2, 'both are processed');
    await expect(flow.worker.checkpointAll()).rejects.toThrow('the question');
    await expect(flow.worker.checkpointAll()).rejects.toThrow('the question');
    await expect(flow.stop()).rejects.toThrow('the question');
    expect(store.end('predictions', 0)).toBe(2);
    const next = await startFlow({ store: store.crash() });
    await next.send(rate('ann', 'z', 3));
    expect(next.published().predictions.map(({ sourceOffset }) => sourceOffset)).toEqual([0, 1, 2]);
    await next.stop();
  });

  test('because somebody else moved the offset stops the task, and nothing more is written', async () => {
    const store = openInMemory();
    const flow = createFlowWorker(store, {
      wrapLease: (lease) => ({
        ...lease,
        commit: () => Promise.reject(new CommitFailedError('made to fail')),
        recover: () => Promise.resolve(1),
      }),
    });
    await flow.start();
    await store.append(0, ratings);
    await until(() => flow.worker.tasks.get(0)!.nextOffset === 2, 'both are processed');
    await expect(flow.worker.checkpointAll()).rejects.toThrow(CorruptStateError);
    await expect(flow.worker.checkpointAll()).rejects.toThrow(CorruptStateError);
    expect(store.end('predictions', 0)).toBe(0);
    await flow.crash();
  });
});
