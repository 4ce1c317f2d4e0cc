import { describe, expect, test } from 'vitest';
import type { WriteUnit } from '../../../src/adapters/embedded/engine.ts';
import { createWriteQueue } from '../../../src/adapters/embedded/write-queue.ts';
import { CommitFailedError } from '../../../src/errors.ts';

const unit = (parts: Partial<WriteUnit> = {}): WriteUnit => ({
  appends: [],
  task: null,
  guard: () => undefined,
  durable: () => undefined,
  ...parts,
});

/** A queue over a disk that finishes a flush when the test says so. */
function heldQueue() {
  const groups: number[] = [];
  let finish: ((outcome: 'ok' | 'fails') => void) | null = null;
  const queue = createWriteQueue<WriteUnit>({
    prepare: (one) => Promise.resolve(one),
    changeCount: () => 1,
    async writeGroup(group) {
      groups.push(group.length);
      const outcome = await new Promise((resolve) => {
        finish = resolve;
      });
      if (outcome === 'fails') throw new Error('the disk is gone');
      return group.map(() => []);
    },
  });
  const flush = async (outcome: 'ok' | 'fails' = 'ok'): Promise<void> => {
    while (finish === null) await Promise.resolve();
    const now = finish;
    finish = null;
    now(outcome);
  };
  return { queue, groups, flush };
}

describe('write queue', () => {
  test('shares one flush among all that came during the last one', async () => {
    const { queue, groups, flush } = heldQueue();
    const first = queue.write(unit());
    while (groups.length === 0) await Promise.resolve();
    const others = Array.from({ length: 50 }, () => queue.write(unit()));
    await flush();
    await first;
    await flush();
    await Promise.all(others);
    expect(groups).toEqual([1, 50]);
  });

  test('writes what comes in the very turn in which the last write resolved', async () => {
    const { queue, flush } = heldQueue();
    for (let i = 0; i < 5; i++) {
      const writing = queue.write(unit());
      await flush();
      await writing;
    }
  });

  test('tells durable before anybody who waits, in the order of the calls', async () => {
    const { queue, flush } = heldQueue();
    const told: string[] = [];
    const writing = ['a', 'b'].map((name) =>
      queue.write(unit({ durable: () => told.push(`durable ${name}`) })).then(() => told.push(`resolved ${name}`)),
    );
    await flush();
    await Promise.all(writing);
    expect(told).toEqual(['durable a', 'durable b', 'resolved a', 'resolved b']);
  });

  test('refuses only the unit whose guard refuses', async () => {
    const { queue, groups, flush } = heldQueue();
    const refused = queue.write(
      unit({
        guard: () => {
          throw new Error('fenced');
        },
      }),
    );
    const good = queue.write(unit());
    await expect(refused).rejects.toThrow('fenced');
    await flush();
    await good;
    expect(groups).toEqual([1]);
  });

  test('fails every unit of a group that fails, and goes on', async () => {
    const { queue, flush } = heldQueue();
    const failing = Promise.allSettled([queue.write(unit()), queue.write(unit())]);
    await flush('fails');
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = queue.write(unit());
    await flush();
    await next;
  });

  test('waits at closing for what was asked for, and refuses what comes later', async () => {
    const { queue, flush } = heldQueue();
    const before = queue.write(unit());
    const closing = queue.close();
    await expect(queue.write(unit())).rejects.toThrow(CommitFailedError);
    await flush();
    await Promise.all([before, closing]);
  });
});
