import { expect, test } from 'vitest';
import { expertNames } from '../../src/model/answer.ts';
import { statsOf } from '../../src/stream/stats.ts';
import { startFlow } from '../support/flow-harness.ts';
import { forget, rate, raw } from '../support/flow-inputs.ts';
import { testNowMs } from '../support/test-clock.ts';

test('stats tell what became of every record', async () => {
  const flow = await startFlow();
  await flow.send(
    rate('ann', 'x', 4, { eventId: 'e1' }),
    rate('ann', 'x', 4, { eventId: 'e1' }),
    rate('ann', 'x', null),
    raw('{'),
    raw('}'),
    forget('ann'),
    rate('bob', 'y', 2, { ratedAtMs: testNowMs - 5000 }),
  );
  expect(statsOf(flow.worker).stats()).toMatchObject({
    partitions: [
      {
        partition: 0,
        eventsApplied: 2,
        eventsSkipped: 1,
        predictions: 3,
        appliedOffset: 7,
        committedOffset: 7,
        eventTimeLagMs: 5000,
      },
    ],
    userRows: 1,
    itemRows: 2,
    usersEvicted: 0,
    itemsEvicted: 0,
  });
  expect(
    statsOf(flow.worker)
      .stats()
      .experts.map(({ expert }) => expert),
  ).toEqual([...expertNames]);
  await flow.stop();
});

test('stats count what is durable or in memory, never what was put back', async () => {
  const flow = await startFlow({ checkpointEvents: 1000 });
  await flow.send(rate('ann', 'x', 4));
  const task = flow.worker.tasks.get(0)!;
  const before = statsOf(flow.worker).stats();
  await flow.store.append(0, [rate('bob', 'x', 1), raw('{')]);
  while (task.nextOffset < 3) await flow.clock.breathe();
  expect(statsOf(flow.worker).stats().partitions[0]).toMatchObject({ eventsApplied: 2, appliedOffset: 3 });
  task.rollBack();
  expect(statsOf(flow.worker).stats()).toEqual({ ...before, itemRows: before.itemRows });
  await flow.crash();
});

test('stats of several partitions are added up', async () => {
  const flow = await startFlow({ partitionCount: 3 });
  await flow.send(...Array.from({ length: 30 }, (_, i) => rate(`u${i}`, 'x', 3)));
  const { partitions, userRows, itemRows, experts } = statsOf(flow.worker).stats();
  expect(partitions.reduce((sum, { eventsApplied }) => sum + eventsApplied, 0)).toBe(30);
  expect({ userRows, itemRows }).toEqual({ userRows: 30, itemRows: 1 });
  expect(experts.every(({ rmseTotal }) => Number.isFinite(rmseTotal))).toBe(true);
  await flow.stop();
});
