import { expect, test } from 'vitest';
import { CommitFailedError, FencedError } from '../../src/errors.ts';
import type { Checkpoint } from '../../src/ports/transport.ts';
import {
  bytesOf,
  checkpoint,
  readAll,
  recordsOf,
  restored,
  startWorker,
  textOf,
  type Can,
  type Open,
} from './transport-harness.ts';

const item = (itemId: string, afterImage: string | null) => ({
  itemId,
  afterImage: afterImage === null ? null : bytesOf(afterImage),
  delta: bytesOf('1'),
});
const state = (key: string, value: string | null) => ({ key, value: value === null ? null : bytesOf(value) });

/** One of everything, with `name` in it. */
const whole = (name: string, nextOffset: number): Checkpoint =>
  checkpoint({
    nextOffset,
    state: [state('key', name), state(`key of ${name}`, name)],
    items: [item('item', name)],
    predictions: recordsOf(`prediction ${name}`),
    deadLetters: recordsOf(`letter ${name}`),
    receipts: recordsOf(`receipt ${name}`),
    recommendations: recordsOf(`recommendations ${name}`),
  });

export function leaseLaws(open: Open, can: Can): void {
  test('makes all of a checkpoint visible, also to the next process', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b', 'c'));
    const { lease } = await startWorker(log);
    await lease(0).commit(whole('one', 2));
    for (const life of ['this process', 'the next process']) {
      const now = life === 'this process' ? log : await log.crash();
      const task = now === log ? lease(0) : (await startWorker(now)).lease(0);
      expect(await task.committedOffset()).toBe(2);
      expect(await restored(task)).toEqual({ state: { key: 'one', 'key of one': 'one' }, items: { item: 'one' } });
      if (can('read single keys')) {
        expect(textOf(task.readState('key'))).toBe('one');
        expect(textOf(task.readItem('item'))).toBe('one');
      }
      expect(readAll(now, 'predictions')).toEqual(['prediction one']);
      expect(readAll(now, 'dead-letters')).toEqual(['letter one']);
      expect(readAll(now, 'receipts')).toEqual(['receipt one']);
      expect(readAll(now, 'recommendations')).toEqual(['recommendations one']);
    }
  });

  test('forgets deleted keys and items', async () => {
    const log = await open({ partitionCount: 1 });
    const { lease } = await startWorker(log);
    await lease(0).commit(
      checkpoint({ state: [state('a', '1'), state('b', '2')], items: [item('i', '1'), item('j', '2')] }),
    );
    await lease(0).commit(
      checkpoint({ state: [state('a', null), state('never there', null)], items: [item('i', null)] }),
    );
    expect(lease(0).readState('a')).toBeUndefined();
    expect(lease(0).readItem('i')).toBeUndefined();
    expect(await restored(lease(0))).toEqual({ state: { b: '2' }, items: { j: '2' } });
  });

  test('takes the last of several changes to one key', async () => {
    const log = await open({ partitionCount: 1 });
    const { lease } = await startWorker(log);
    await lease(0).commit(
      checkpoint({ state: [state('a', '1'), state('a', null), state('a', '3'), state('b', '1'), state('b', null)] }),
    );
    expect((await restored(lease(0))).state).toEqual({ a: '3' });
  });

  test('keeps partitions apart, whatever the keys look like', async () => {
    const log = await open({ partitionCount: 12 });
    const { lease } = await startWorker(log, [0, 1, 10, 11]);
    const keys = ['1:a', ':', ';', '1', '\u0000', 'é', '😀', 'x'.repeat(256), 'ÿ'.repeat(128), '0', '__proto__x'];
    for (const partition of [0, 1, 10, 11]) {
      await lease(partition).commit(
        checkpoint({
          state: keys.map((key) => state(key, `${partition} ${key}`)),
          items: keys.map((key) => item(key, `${partition} item ${key}`)),
        }),
      );
    }
    for (const partition of [0, 1, 10, 11]) {
      const expected = (word: string) => Object.fromEntries(keys.map((key) => [key, `${partition} ${word}${key}`]));
      expect(await restored(lease(partition))).toEqual({ state: expected(''), items: expected('item ') });
      if (!can('read single keys')) continue;
      for (const key of keys) expect(textOf(lease(partition).readState(key))).toBe(`${partition} ${key}`);
    }
  });

  test('gives bytes that stay as they are', async () => {
    const log = await open({ partitionCount: 1 });
    const { lease } = await startWorker(log);
    const rows = Array.from({ length: 2000 }, (_, i) => state(`k${i}`, `value ${i} ${'x'.repeat(i % 300)}`));
    await lease(0).commit(checkpoint({ state: [...rows, state('empty', '')] }));
    const visited = new Map<string, Uint8Array>();
    await lease(0).restore({ state: (key, value) => visited.set(key, value), item: () => undefined });
    const read = rows.map(({ key }) => lease(0).readState(key));
    expect(visited.size).toBe(2001);
    expect(visited.get('empty')).toHaveLength(0);
    for (const [index, { key, value }] of rows.entries()) {
      expect(textOf(visited.get(key))).toBe(textOf(value));
      if (can('read single keys')) expect(textOf(read[index])).toBe(textOf(value));
    }
  });

  test('leaves no trace of a commit that failed, and goes on after recovering', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    const { lease } = await startWorker(log);
    await lease(0).commit(whole('one', 1));
    log.failNextCommit('before');
    await expect(lease(0).commit(whole('two', 2))).rejects.toThrow(CommitFailedError);
    expect(await lease(0).recover()).toBe(1);
    expect(await restored(lease(0))).toEqual({ state: { key: 'one', 'key of one': 'one' }, items: { item: 'one' } });
    expect(readAll(log, 'predictions')).toEqual(['prediction one']);
    await lease(0).commit(whole('again', 2));
    expect(readAll(log, 'predictions')).toEqual(['prediction one', 'prediction again']);
  });

  test('tells by recovering that a commit of unknown outcome did happen', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    const { lease } = await startWorker(log);
    log.failNextCommit('after');
    await expect(lease(0).commit(whole('one', 2))).rejects.toThrow(CommitFailedError);
    expect(await lease(0).recover()).toBe(2);
    expect(await lease(0).committedOffset()).toBe(2);
    expect((await restored(lease(0))).items).toEqual({ item: 'one' });
    expect(readAll(log, 'predictions')).toEqual(['prediction one']);
  });

  test('fences what it had under way by recovering: it is whole, or it never was', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    const { lease } = await startWorker(log);
    const underWay = lease(0)
      .commit(whole('one', 2))
      .then(
        () => 'committed',
        (error: unknown) => error,
      );
    const offset = await lease(0).recover();
    const outcome = await underWay;
    // Its answer may be lost to the fence after it was written: only the offset tells.
    if (outcome === 'committed') expect(offset).toBe(2);
    else expect(outcome).toBeInstanceOf(FencedError);
    expect([0, 2]).toContain(offset);
    expect(await lease(0).committedOffset()).toBe(offset);
    expect(readAll(log, 'predictions')).toHaveLength(offset === 2 ? 1 : 0);
  });

  test('fences every earlier lease when one is opened, with no trace of what they still try', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    const first = await startWorker(log);
    await first.lease(0).commit(whole('one', 1));
    const second = await startWorker(log);
    await expect(first.lease(0).commit(whole('late', 2))).rejects.toThrow(FencedError);
    await second.lease(0).commit(whole('two', 2));
    await expect(first.lease(0).commit(whole('later', 2))).rejects.toThrow(FencedError);
    await expect(first.lease(0).recover()).rejects.toThrow(FencedError);
    expect(readAll(log, 'predictions')).toEqual(['prediction one', 'prediction two']);
    expect((await restored(second.lease(0))).state).toEqual({ key: 'two', 'key of one': 'one', 'key of two': 'two' });
  });

  test('lets the next lease see what the last one had committed when it was fenced', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a', 'b'));
    const first = await startWorker(log);
    const racing = first
      .lease(0)
      .commit(whole('racing', 1))
      .then(
        () => true,
        () => false,
      );
    const second = await startWorker(log);
    const offset = await second.lease(0).committedOffset();
    expect(offset).toBe((await racing) ? 1 : 0);
    expect(await second.lease(0).committedOffset()).toBe(offset);
    expect(Object.keys((await restored(second.lease(0))).state)).toHaveLength(offset === 1 ? 2 : 0);
  });

  test('keeps all of a commit or none of it when the process dies meanwhile', async () => {
    const log = await open({ partitionCount: 1 });
    await log.append(0, recordsOf('a'));
    const { lease } = await startWorker(log);
    const many = Array.from({ length: 3000 }, (_, i) => state(`k${i}`, 'x'.repeat(100)));
    const underWay = lease(0)
      .commit(checkpoint({ nextOffset: 1, state: many, predictions: recordsOf('p') }))
      .catch(() => undefined);
    const after = await log.crash();
    await underWay;
    const task = (await startWorker(after)).lease(0);
    const happened = (await task.committedOffset()) === 1;
    expect(Object.keys((await restored(task)).state)).toHaveLength(happened ? 3000 : 0);
    expect(after.end('predictions', 0)).toBe(happened ? 1 : 0);
  });
}
