/** What every model store holds, whatever its table is kept in. */
import { describe, expect, test, vi } from 'vitest';
import { createModelStore } from '../../src/adapters/models/model-store.ts';
import { StorageFullError } from '../../src/errors.ts';
import type { ModelTable } from '../../src/ports/model-table.ts';
import type { ModelRecord } from '../../src/ports/models.ts';
import { freshRecord } from '../../src/stream/model-record.ts';

export interface ModelTableHarness {
  /** An empty one. */
  readonly table: ModelTable;
  /** As another process, or the next one, sees the same table. */
  readonly reopen: () => Promise<ModelTable>;
}

/** Bytes of no pattern, longer than a few pieces. */
function artifactOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The process dies before the write after `count` others. */
function dyingAfter(table: ModelTable, count: number): ModelTable {
  let left = count;
  return {
    ...table,
    write(changes) {
      if (left-- <= 0) return Promise.reject(new StorageFullError('no room'));
      return table.write(changes);
    },
  };
}

const asked = (record: ModelRecord | null, atMs: number): ModelRecord => ({
  ...(record ?? freshRecord('deep')),
  request: { atMs, reason: 'asked for' },
});

export function modelStoreContract(name: string, open: () => Promise<ModelTableHarness>): void {
  describe(`model store: ${name}`, () => {
    test('gives back what was put, also to another process', async () => {
      const { table, reopen } = await open();
      const store = createModelStore(table);
      const artifact = artifactOf(1_300_000);
      await store.put('deep', 'v1', artifact);
      await store.put('rbm', 'v1', artifactOf(10, 7));
      await store.put('deep', 'v2', artifactOf(0));
      expect(Buffer.compare((await store.artifact('deep', 'v1'))!, artifact)).toBe(0);
      expect(await store.artifact('deep', 'v2')).toHaveLength(0);
      const other = createModelStore(await reopen());
      expect(Buffer.compare((await other.artifact('deep', 'v1'))!, artifact)).toBe(0);
      expect(await other.versions('deep')).toEqual(['v1', 'v2']);
      expect(await other.artifact('deep', 'v9')).toBeUndefined();
      expect(await other.artifact('residual', 'v1')).toBeUndefined();
    });

    test('replaces a version that is put again, whatever its length was', async () => {
      const { table } = await open();
      const store = createModelStore(table);
      await store.put('deep', 'v1', artifactOf(1_300_000));
      const second = artifactOf(600_000, 5);
      await store.put('deep', 'v1', second);
      expect(Buffer.compare((await store.artifact('deep', 'v1'))!, second)).toBe(0);
    });

    test('shows no version of which a part is missing, wherever the writing ended', async () => {
      for (let writes = 0; writes < 5; writes++) {
        const { table, reopen } = await open();
        const dying = createModelStore(dyingAfter(table, writes));
        // Its own deletions, three pieces, the head: dead before each of them in turn.
        await expect(dying.put('deep', 'v1', artifactOf(1_300_000))).rejects.toThrow(StorageFullError);
        const next = createModelStore(await reopen());
        expect(await next.versions('deep')).toEqual([]);
        expect(await next.artifact('deep', 'v1')).toBeUndefined();
        await next.prune('deep', new Set());
        expect(await table.keys('deep/')).toEqual([]);
        const again = artifactOf(1_300_000, 3);
        await next.put('deep', 'v1', again);
        expect(Buffer.compare((await next.artifact('deep', 'v1'))!, again)).toBe(0);
      }
    });

    test('drops what is not to be kept, and nothing of another kind', async () => {
      const { table } = await open();
      const store = createModelStore(table);
      for (const version of ['v1', 'v2', 'v3']) await store.put('deep', version, artifactOf(200_000));
      await store.put('rbm', 'v1', artifactOf(10));
      await store.update('deep', (record) => asked(record, 5));
      await store.prune('deep', new Set(['v2']));
      expect(await store.versions('deep')).toEqual(['v2']);
      expect(await store.versions('rbm')).toEqual(['v1']);
      expect(await table.keys('deep/')).toEqual(['deep/v2', 'deep/v2/0', 'deep/v2/1']);
      expect(await store.record('deep')).toMatchObject({ request: { atMs: 5 } });
    });

    test('refuses an artifact whose pieces are not what was put', async () => {
      const { table } = await open();
      const store = createModelStore(table);
      await store.put('deep', 'v1', artifactOf(1_300_000));
      await table.write([{ key: 'deep/v1/1', value: artifactOf(512 * 1024, 9) }]);
      await expect(store.artifact('deep', 'v1')).rejects.toThrow('damaged');
      await table.write([{ key: 'deep/v1/1', value: null }]);
      await expect(store.artifact('deep', 'v1')).rejects.toThrow('damaged');
      // More than the whole before the last of them.
      for (const n of [0, 1]) await table.write([{ key: `deep/v1/${n}`, value: artifactOf(700_000) }]);
      await expect(store.artifact('deep', 'v1')).rejects.toThrow('damaged');
    });

    test('numbers the changes of a record, and keeps all of them when several are made at once', async () => {
      const { table, reopen } = await open();
      const store = createModelStore(table);
      const other = createModelStore(await reopen());
      expect(await store.record('deep')).toBeNull();
      expect(await store.update('deep', () => null)).toBeNull();
      const add = (record: ModelRecord | null): ModelRecord => asked(record, (record?.request?.atMs ?? 0) + 1);
      await Promise.all([...Array(6).keys()].map((n) => (n % 2 === 0 ? store : other).update('deep', add)));
      expect(await store.record('deep')).toMatchObject({ kind: 'deep', revision: 6, request: { atMs: 6 } });
      expect(await store.update('deep', () => null)).toMatchObject({ revision: 6 });
      expect(await other.record('rbm')).toBeNull();
    });

    test('tells those who watch about changes, whoever makes them', async () => {
      const { table, reopen } = await open();
      const store = createModelStore(table);
      const other = createModelStore(await reopen());
      const heard: string[] = [];
      const stop = store.watch((kind) => heard.push(kind));
      await store.update('deep', (record) => asked(record, 1));
      await other.update('rbm', (record) => asked(record, 1));
      await vi.waitUntil(() => heard.includes('deep') && heard.includes('rbm'), { timeout: 20_000, interval: 10 });
      stop();
    });
  });
}
