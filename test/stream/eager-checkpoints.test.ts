import { expect, test } from 'vitest';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { rate } from '../support/flow-inputs.ts';
import { createFlowWorker } from '../support/flow-worker.ts';
import { until, type TestClock } from '../support/test-clock.ts';

/** A look of an eager worker passes; the period of its checkpoints, 1000 ms, does not. */
const look = (clock: TestClock): void => clock.passPeriod(5);

/** Moves the clock by so much: each look at it is 0.2 ms. */
function pass(clock: TestClock, ms: number): void {
  for (let looks = 0; looks < 5 * ms; looks++) clock.monotonicMs();
}

async function given({ isEager = true, commitMs = 0 } = {}) {
  const store = openInMemory();
  const flow = createFlowWorker(store, {
    isEager,
    wrapLease: (lease) => ({
      ...lease,
      async commit(checkpoint) {
        pass(flow.clock, commitMs);
        await lease.commit(checkpoint);
      },
    }),
  });
  await flow.start();
  const processed = (count: number): Promise<void> =>
    until(() => flow.worker.tasks.get(0)!.nextOffset === count, `${count} records are processed`);
  const committed = (): number => store.committedOffset(0);
  return { store, flow, clock: flow.clock, processed, committed };
}

async function turns(clock: TestClock): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await clock.breathe();
}

test('an eager worker writes a checkpoint at once when little waits', async () => {
  for (const isEager of [true, false]) {
    const { store, flow, clock, processed, committed } = await given({ isEager });
    await store.append(0, [rate('ann', 'x', 4)]);
    await processed(1);
    look(clock);
    await turns(clock);
    expect(committed()).toBe(isEager ? 1 : 0);
    await flow.stop();
  }
});

test('an eager worker leaves what is worth a large checkpoint to the period', async () => {
  const { store, flow, clock, processed, committed } = await given();
  await store.append(
    0,
    Array.from({ length: 600 }, (_, i) => rate(`u${i}`, 'x', 4)),
  );
  await processed(600);
  look(clock);
  await turns(clock);
  expect(committed()).toBe(0);
  clock.passPeriod();
  await until(() => committed() === 600, 'the checkpoint of the period is written');
  await flow.stop();
});

test('an eager worker rests as long as its last checkpoints took', async () => {
  const { store, flow, clock, processed, committed } = await given({ commitMs: 100 });
  await store.append(0, [rate('ann', 'x', 4)]);
  await processed(1);
  look(clock);
  await until(() => committed() === 1, 'the first is written');
  await store.append(0, [rate('bob', 'x', 4)]);
  await processed(2);
  look(clock);
  await turns(clock);
  expect(committed()).toBe(1);
  pass(clock, 110);
  look(clock);
  await until(() => committed() === 2, 'the second is written');
  await flow.stop();
});
