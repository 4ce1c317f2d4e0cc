/** Crash equivalence while the effort changes: it is stored with each checkpoint, and holds from there on. */
import { expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { efforts, type Effort } from '../../src/model/settings.ts';
import { inMemory } from '../contracts/flow-disk.ts';
import { recordOf } from '../contracts/flow-schedule.ts';
import { memoryOf, storedBy } from '../support/flow-state.ts';
import { createFlowWorker, flowCodec, type FlowWorker } from '../support/flow-worker.ts';
import { until } from '../support/test-clock.ts';

const checkpointEvents = 10;
const total = 95;

/** Another effort after each checkpoint, told by where the stream is. */
async function workOn(store: EmbeddedStore): Promise<FlowWorker> {
  const effortSource = {
    at: () => efforts[Math.floor(flow.worker.tasks.get(0)!.nextOffset / checkpointEvents) % efforts.length]!,
  };
  const flow = createFlowWorker(store, { effortSource, checkpointEvents, batchRecordCount: 7 });
  await flow.start();
  return flow;
}

const records = Array.from({ length: total }, (_, n) =>
  recordOf({
    kind: 'rate',
    user: n % 4,
    item: (7 * n) % 5,
    halfStars: (n % 9) + 1,
    weight: 1,
    minutes: n,
    eventId: null,
  }),
);

async function taken(flow: FlowWorker, upTo: number): Promise<void> {
  await until(() => flow.failures.length > 0 || flow.worker.tasks.get(0)?.nextOffset === upTo, 'all is processed');
  expect(flow.failures).toEqual([]);
}

it.each([[[]], [[14]], [[25, 38]], [[31, 44, 66, 87]]])(
  'a run that crashed at %j ends as one that did not',
  async (crashes) => {
    const [calm, rough] = [await inMemory(1), await inMemory(1)];
    await calm.store.append(0, records);
    const expected = await workOn(calm.store);
    await taken(expected, total);
    await expected.worker.checkpointAll();

    let { store } = rough;
    let flow = await workOn(store);
    for (const at of crashes) {
      await store.append(0, records.slice(store.end('ratings', 0), at));
      await taken(flow, at);
      store = await rough.crash([flow]);
      flow = await workOn(store);
    }
    await store.append(0, records.slice(store.end('ratings', 0)));
    await taken(flow, total);
    await flow.worker.checkpointAll();

    expect(await storedBy(store, 0)).toEqual(await storedBy(calm.store, 0));
    expect(memoryOf(flow.worker)).toEqual(memoryOf(expected.worker));
    const told = (store: EmbeddedStore) =>
      store.read('predictions', 0, 0, Infinity).map(({ value }) => flowCodec.decodePrediction(value!));
    expect(told(store)).toEqual(told(calm.store));
    expect(told(calm.store).map(({ effort }) => effort)).toEqual(
      records.map((_, n) =>
        n < checkpointEvents ? 'full' : efforts[Math.floor(n / checkpointEvents) % efforts.length],
      ),
    );
    await flow.stop();
    await expected.stop();
    await Promise.all([calm.dispose(), rough.dispose()]);
  },
);

it('changes while no ratings come, and stays so when the worker dies', async () => {
  const disk = await inMemory(1);
  let effort: Effort = 'fast';
  const effortSource = { at: () => effort };
  await disk.store.append(0, records.slice(0, 20));
  const flow = createFlowWorker(disk.store, { effortSource });
  await flow.start();
  await taken(flow, 20);
  await flow.worker.checkpointAll();
  expect(flow.worker.tasks.get(0)?.learner.effort).toBe('fast');
  effort = 'balanced';
  flow.clock.passPeriod();
  await until(() => flow.worker.tasks.get(0)?.learner.effort === 'balanced', 'the effort has changed');
  const after = createFlowWorker(await disk.crash([flow]), { effortSource });
  await after.start();
  await until(() => after.worker.tasks.get(0) !== undefined, 'it is restored');
  expect(after.worker.tasks.get(0)?.learner.effort).toBe('balanced');
  await after.stop();
  await disk.dispose();
});
