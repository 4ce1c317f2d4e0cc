import { expect, test, vi } from 'vitest';
import { FencedError } from '../../src/errors.ts';
import { checkpoint, readAll, recorder, recordsOf, startWorker, type Can, type Open } from './transport-harness.ts';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `r${i}`);
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 2 });

export function deliveryLaws(open: Open, can: Can): void {
  test('delivers every record of a partition in order, in batches of bounded size', async () => {
    const log = await open({ partitionCount: 2 });
    await log.append(0, recordsOf(...numbered(1234)));
    await log.append(1, recordsOf('other'));
    const worker = log.worker({ partitions: [0, 1], batchRecordCount: 100 });
    const listener = recorder();
    await worker.start(listener);
    await eventually(() => expect(listener.seen.get(0)).toHaveLength(1234));
    expect(listener.seen.get(0)).toEqual(numbered(1234));
    expect(listener.seen.get(1)).toEqual(['other']);
    expect(Math.max(...listener.batchSizes)).toBeLessThanOrEqual(100);
    expect(listener.calls.sort()).toEqual(['assigned 0', 'assigned 1']);
  });

  test('delivers what is appended later', async () => {
    const log = await open({ partitionCount: 1 });
    const { seen } = await startWorker(log);
    for (let i = 0; i < 20; i++) {
      await log.append(0, recordsOf(`r${i}`));
      await eventually(() => expect(seen.get(0)).toEqual(numbered(i + 1)));
    }
  });

  test('starts at the committed offset', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf(...numbered(5)));
    const first = await startWorker(log);
    await eventually(() => expect(first.seen.get(0)).toHaveLength(5));
    await first.lease(0).commit(checkpoint({ nextOffset: 3 }));
    const { seen } = await startWorker(await log.crash());
    await eventually(() => expect(seen.get(0)).toEqual(['r3', 'r4']));
  });

  test('delivers again from the offset that the listener asks for', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf(...numbered(4)));
    let rewound = false;
    const { seen } = await startWorker(log, [0], {
      records: async (_, records) => {
        if (rewound || records.at(-1)!.offset < 3) return records.at(-1)!.offset + 1;
        rewound = true;
        return 1;
      },
    });
    await eventually(() => expect(seen.get(0)).toEqual([...numbered(4), 'r1', 'r2', 'r3']));
  });

  test('never calls the listener twice at once for a partition', async () => {
    const log = await open({ partitionCount: 1 });
    let inside = 0;
    let most = 0;
    const { seen, worker } = await startWorker(log, [0], {
      records: async (_, records) => {
        most = Math.max(most, ++inside);
        await log.append(0, recordsOf(...(records[0]!.offset < 10 ? ['more'] : [])));
        inside--;
        return records.at(-1)!.offset + 1;
      },
    });
    await log.append(0, recordsOf('first'));
    await eventually(() => expect(seen.get(0)!.length).toBeGreaterThan(9));
    await worker.stop();
    expect(most).toBe(1);
  });

  test('waits for the batch at work, then lets the listener commit a last time when it stops', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const steps: string[] = [];
    const started = await startWorker(log, [0], {
      records: async (_, records) => {
        steps.push('records');
        await held;
        steps.push('done');
        return records.at(-1)!.offset + 1;
      },
      revoked: async () => {
        steps.push('revoked');
        await started.lease(0).commit(checkpoint({ nextOffset: 2, predictions: recordsOf('last') }));
      },
    });
    await eventually(() => expect(steps).toEqual(['records']));
    const stopping = started.worker.stop();
    finish();
    await Promise.all([stopping, started.worker.stop()]);
    await started.worker.stop();
    expect(steps).toEqual(['records', 'done', 'revoked']);
    expect(readAll(log, 'predictions')).toEqual(['last']);
    await expect(started.lease(0).commit(checkpoint({ nextOffset: 2 }))).rejects.toThrow(FencedError);
  });

  test('delivers nothing after it stopped', async () => {
    const log = await open({ partitionCount: 1 });
    const { seen, worker } = await startWorker(log);
    await worker.stop();
    await log.append(0, recordsOf('late'));
    const next = await startWorker(log);
    await eventually(() => expect(next.seen.get(0)).toEqual(['late']));
    expect(seen.get(0)).toBeUndefined();
  });

  test('stops before it was started', async () => {
    const log = await open({ partitionCount: 1 });
    await log.worker({ partitions: [0] }).stop();
  });

  if (can('steal partitions'))
    test('tells the worker that its partition is lost when another takes it', async () => {
      const log = await open({ partitionCount: 2 });
      const first = await startWorker(log, [0, 1]);
      const second = await startWorker(log, [1]);
      await eventually(() => expect(first.calls).toContain('lost 1'));
      await log.append(1, recordsOf('for the second'));
      await log.append(0, recordsOf('for the first'));
      await eventually(() => expect(second.seen.get(1)).toEqual(['for the second']));
      await eventually(() => expect(first.seen.get(0)).toEqual(['for the first']));
      expect(first.seen.get(1)).toBeUndefined();
      await first.worker.stop();
      expect(first.calls).toEqual(['assigned 0', 'assigned 1', 'lost 1', 'revoked 0']);
    });

  test('moves partitions between workers, and nothing is missed or committed twice', async () => {
    const log = await open({ partitionCount: 3 });
    const committing = () => {
      const worker = log.worker({ partitions: [], batchRecordCount: 7 });
      const listener = recorder({
        records: async (partition, records) => {
          const nextOffset = records.at(-1)!.offset + 1;
          const predictions = recordsOf(...records.map(({ offset }) => String(offset)));
          await listener.lease(partition).commit(checkpoint({ nextOffset, predictions }));
          return nextOffset;
        },
      });
      return { worker, listener };
    };
    const [left, right] = [committing(), committing()];
    await left.worker.start(left.listener);
    await right.worker.start(right.listener);
    const plans = [
      [[0, 1, 2], []],
      [[0], [1, 2]],
      [[2], [0, 1]],
      [[0, 1, 2], [1]],
      [[], [0, 1, 2]],
    ] as const;
    for (const [forLeft, forRight] of plans) {
      await left.worker.assign(forLeft);
      await right.worker.assign(forRight);
      for (let p = 0; p < 3; p++) await log.append(p, recordsOf(...numbered(30)));
    }
    const expected = Array.from({ length: 150 }, (_, offset) => String(offset));
    await eventually(() => expect(log.backlog()).toBe(0));
    // The offset of a commit may be seen a moment before its predictions are.
    await eventually(() => {
      for (let p = 0; p < 3; p++) expect(readAll(log, 'predictions', p)).toEqual(expected);
    });
  });

  if (can('steal partitions'))
    test('calls a partition lost when the listener meets a fence, and reports any other error', async () => {
      const log = await open({ partitionCount: 2 });
      const fatal: string[] = [];
      const worker = log.worker({
        partitions: [0, 1],
        onFatal: (error, partition) => fatal.push(`${partition}: ${(error as Error).message}`),
      });
      const listener = recorder({
        records: (partition) =>
          Promise.reject(partition === 0 ? new FencedError('fenced') : new Error('a bug in the listener')),
      });
      await worker.start(listener);
      await log.append(0, recordsOf('a'));
      await log.append(1, recordsOf('b'));
      await eventually(() => expect(fatal).toEqual(['1: a bug in the listener']));
      await eventually(() => expect(listener.calls).toContain('lost 0'));
      await worker.stop();
      expect(listener.calls).toEqual(['assigned 0', 'assigned 1', 'lost 0']);
    });

  test('does not call a worker that died', async () => {
    const log = await open({ partitionCount: 1 });
    const dead = await startWorker(log);
    dead.worker.crash();
    await log.append(0, recordsOf('a'));
    await expect(dead.lease(0).commit(checkpoint({ nextOffset: 1 }))).rejects.toThrow(FencedError);
    const next = await startWorker(log);
    await eventually(() => expect(next.seen.get(0)).toEqual(['a']));
    expect(dead.calls).toEqual(['assigned 0']);
    expect(dead.seen.get(0)).toBeUndefined();
  });

  test('fails to start with what the listener threw', async () => {
    const log = await open({ partitionCount: 1 });
    const worker = log.worker({ partitions: [0] });
    const assigned = () => Promise.reject(new Error('cannot restore'));
    await expect(worker.start(recorder({ assigned }))).rejects.toThrow('cannot restore');
    await worker.stop();
  });
}
