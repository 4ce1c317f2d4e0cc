/** The laws must notice a checkpoint in the wrong order; a law that any order obeys proves nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommitFailedError } from '../../src/errors.ts';
import type { PartitionLease } from '../../src/ports/transport.ts';
import { inMemory } from '../contracts/flow-disk.ts';
import { obeysTheLaws } from '../contracts/flow-laws.ts';
import { schedule } from '../contracts/flow-schedule.ts';
import type { Mutation } from '../contracts/flow-simulation.ts';

/** Shrinking is of no use: that there is a counterexample is all that is asked. */
const check = (mutation: Mutation) =>
  fc.check(
    fc.asyncProperty(schedule, (one) => obeysTheLaws(one, inMemory, mutation)),
    { numRuns: 100, endOnFailure: true },
  );

const broken: Readonly<Record<string, (lease: PartitionLease) => PartitionLease>> = {
  'the offset is committed before the rows': (lease) => ({
    ...lease,
    async commit(checkpoint) {
      await lease.commit({ ...checkpoint, state: [], items: [] });
      await lease.commit({ ...checkpoint, predictions: [], deadLetters: [] });
    },
  }),
  'the offset of requests is not committed': (lease) => ({
    ...lease,
    commit: (checkpoint) => lease.commit({ ...checkpoint, nextRequest: null }),
  }),
  'what is to be recommended is not marked': (lease) => ({
    ...lease,
    commit: (checkpoint) =>
      lease.commit({ ...checkpoint, state: checkpoint.state.filter(({ key }) => !key.startsWith('r/')) }),
  }),
  'the rows are committed before the offset': (lease) => ({
    ...lease,
    async commit(checkpoint) {
      const nextOffset = await lease.committedOffset();
      await lease.commit({ ...checkpoint, nextOffset });
      await lease.commit({ ...checkpoint, state: [], items: [], predictions: [], deadLetters: [] });
    },
  }),
  'the task settles before the commit is confirmed': (lease) => ({
    ...lease,
    async commit(checkpoint) {
      const { predictions, deadLetters } = checkpoint;
      const own = { ...checkpoint, predictions: [...predictions], deadLetters: [...deadLetters] };
      lease.commit(own).catch(() => undefined);
    },
  }),
  'an unknown outcome is taken for a failure': (lease) => {
    let before = 0;
    return {
      ...lease,
      async commit(checkpoint) {
        before = await lease.committedOffset();
        await lease.commit(checkpoint);
      },
      async recover() {
        await lease.recover();
        return before;
      },
    };
  },
  'an unknown outcome is taken for a success': (lease) => ({
    ...lease,
    commit: (checkpoint) =>
      lease.commit(checkpoint).catch((error: unknown) => {
        if (!(error instanceof CommitFailedError)) throw error;
      }),
  }),
};

describe('the laws of the flow', () => {
  test('hold for a lease that is wrapped and not broken', { timeout: 300_000 }, async () => {
    const { failed, numRuns } = await check({ wrapLease: (lease) => ({ ...lease }) });
    expect({ failed, numRuns }).toEqual({ failed: false, numRuns: 100 });
  });

  test.each(Object.entries(broken))('find a counterexample when %s', { timeout: 300_000 }, async (_name, wrapLease) => {
    const { failed } = await check({ wrapLease });
    expect(failed).toBe(true);
  });
});
