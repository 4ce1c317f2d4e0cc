import { expect, test, vi } from 'vitest';
import { OverloadedError } from '../../src/errors.ts';
import {
  bytesOf,
  checkpoint,
  readAll,
  recordsOf,
  startWorker,
  valuesOf,
  type Can,
  type Open,
} from './transport-harness.ts';

export function appendLaws(open: Open, can: Can): void {
  test('gives back the records as they were, null and empty bytes included', async () => {
    const log = await open({ partitionCount: 2 });
    const records = [
      { key: null, value: bytesOf('no key') },
      { key: bytesOf('tombstone'), value: null },
      { key: new Uint8Array(0), value: new Uint8Array(0) },
      { key: bytesOf('large'), value: new Uint8Array(300_000).fill(7) },
    ];
    expect(await log.append(1, records)).toBe(0);
    const read = log.read('ratings', 1, 0, 10);
    expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    for (const [index, { key, value }] of records.entries()) {
      expect(read[index]!.key === null ? null : [...read[index]!.key]).toEqual(key === null ? null : [...key]);
      expect(read[index]!.value === null ? null : Buffer.compare(read[index]!.value, value!)).toEqual(
        value === null ? null : 0,
      );
    }
    expect(log.end('ratings', 0)).toBe(0);
  });

  test('resolves with the first offset, in the order of the calls', async () => {
    const log = await open({ partitionCount: 1 });
    const sizes = [3, 1, 2000, 5, 1];
    const firsts = await Promise.all(
      sizes.map((size, call) => log.append(0, recordsOf(...Array.from({ length: size }, (_, i) => `${call}.${i}`)))),
    );
    expect(firsts).toEqual([0, 3, 4, 2004, 2009]);
    expect(log.end('ratings', 0)).toBe(2010);
    expect(valuesOf(log.read('ratings', 0, 2003, 3))).toEqual(['2.1999', '3.0', '3.1']);
  });

  test('reads from any offset, at most as many as asked for', async () => {
    const log = await open({ partitionCount: 1 });
    const values = Array.from({ length: 40 }, (_, i) => `value ${i} ${'x'.repeat(10_000)}`);
    for (let at = 0; at < values.length; at += 8) await log.append(0, recordsOf(...values.slice(at, at + 8)));
    for (const from of [0, 1, 7, 8, 9, 23, 39, 40, 100]) {
      expect(valuesOf(log.read('ratings', 0, from, 5))).toEqual(values.slice(from, from + 5));
    }
    expect(log.read('ratings', 0, 0, 0)).toEqual([]);
  });

  test('keeps what it resolved across a crash', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    const after = await log.crash();
    expect(readAll(after, 'ratings')).toEqual(['a', 'b']);
    expect(await after.append(0, recordsOf('c'))).toBe(2);
  });

  test('keeps all of an append or none of it when the process dies meanwhile', async () => {
    const log = await open({ partitionCount: 1 });
    const values = Array.from({ length: 3000 }, (_, i) => `value ${i}`);
    const appending = log.append(0, recordsOf(...values)).catch(() => undefined);
    const after = await log.crash();
    await appending;
    expect([0, 3000]).toContain(after.end('ratings', 0));
    expect(readAll(after, 'ratings')).toHaveLength(after.end('ratings', 0));
  });

  if (can('count the backlog exactly'))
    test('refuses a whole append when the backlog would pass its limit, and takes it once there is room', async () => {
      const log = await open({ partitionCount: 1, maxBacklog: 3 });
      const { lease } = await startWorker(log);
      await log.append(0, recordsOf('a', 'b'));
      await expect(log.append(0, recordsOf('c', 'd'))).rejects.toThrow(OverloadedError);
      expect(readAll(log, 'ratings')).toEqual(['a', 'b']);
      await lease(0).commit(checkpoint({ nextOffset: 1 }));
      expect(await log.append(0, recordsOf('c', 'd'))).toBe(2);
    });

  if (can('count the backlog exactly'))
    test('counts as backlog what was appended and is not yet committed', async () => {
      const log = await open({ partitionCount: 2 });
      const { lease } = await startWorker(log, [0, 1]);
      const appending = log.append(0, recordsOf('a', 'b'));
      expect(log.backlog()).toBe(2);
      await Promise.all([appending, log.append(1, recordsOf('c'))]);
      expect(log.backlog()).toBe(3);
      await lease(0).commit(checkpoint({ nextOffset: 2 }));
      expect(log.backlog()).toBe(1);
      expect((await log.crash()).backlog()).toBe(1);
    });

  if (can('tell of appends'))
    test('says when records were added, after they can be read', async () => {
      const log = await open({ partitionCount: 2 });
      const { lease } = await startWorker(log, [1]);
      const told: string[] = [];
      const stop = log.onAppend('predictions', (partition) => {
        told.push(`${partition}: ${String(readAll(log, 'predictions', partition).at(-1))}`);
      });
      await log.append(1, recordsOf('a', 'b'));
      await lease(1).commit(checkpoint({ nextOffset: 1, predictions: recordsOf('first') }));
      await vi.waitFor(() => expect(told).toEqual(['1: first']), { timeout: 20_000 });
      stop();
      await lease(1).commit(checkpoint({ nextOffset: 2, predictions: recordsOf('second') }));
      expect(told).toEqual(['1: first']);
    });
}
