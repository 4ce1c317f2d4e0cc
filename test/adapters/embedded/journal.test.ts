import { appendFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLog, openExisting } from '../../../src/adapters/embedded/data-folder.ts';
import type { StoredTables } from '../../../src/adapters/embedded/embedded-store.ts';
import type { TaskChange } from '../../../src/adapters/embedded/engine.ts';
import { piecesOf, rowsOf } from '../../../src/adapters/embedded/journal-rows.ts';
import { storedSegments, type Segment } from '../../../src/adapters/embedded/journal.ts';
import { createLmdbEngine } from '../../../src/adapters/embedded/lmdb-engine.ts';
import { folderFormat } from '../../../src/adapters/embedded/lmdb-tables.ts';
import { openEmbeddedReadOnly } from '../../../src/adapters/embedded/open-embedded.ts';
import { CorruptStateError, FencedError } from '../../../src/errors.ts';
import { bytesOf, recordsOf, textOf } from '../../contracts/transport-harness.ts';
import { smallDisks } from '../../support/small-disk.ts';
import { tempFolders } from './temp-folder.ts';

const partitionCount = 2;
const rounds = { rows: 12, sizeBytes: 400 };

async function openEngine(folder: string) {
  const { tables } = await openExisting(folder, partitionCount, false);
  const generation = tables.meta.getEntry('writer')!.version!;
  const released = (): Promise<void> => Promise.resolve();
  const options = { partitionCount, maxSizeBytes: Infinity, generation, released, rounds };
  return { tables, engine: createLmdbEngine(tables, folder, options) };
}

type Opened = Awaited<ReturnType<typeof openEngine>>;

const write = (
  { engine }: Opened,
  task: TaskChange | null,
  appends: { topic: 'ratings'; partition: number; records: ReturnType<typeof recordsOf> }[] = [],
): Promise<void> => engine.write({ appends, task, guard: () => undefined, durable: () => undefined });

/** What is to be found, by table, partition and key. */
type Expected = Map<string, string>;

const changeOf = (partition: number, puts: readonly (readonly [string, string | null])[]): TaskChange => ({
  partition,
  epoch: null,
  nextOffset: 0,
  state: puts.map(([key, value]) => ({ key, value: value === null ? null : bytesOf(value) })),
  items: puts.map(([itemId, value]) => ({
    itemId,
    afterImage: value === null ? null : bytesOf(`i${value}`),
    delta: bytesOf(''),
  })),
});

function expectChange(expected: Expected, { partition, state, items }: TaskChange): void {
  const put = (id: string, value: Uint8Array | null): unknown =>
    value === null ? expected.delete(id) : expected.set(id, textOf(value)!);
  for (const { key, value } of state) put(`s${partition}:${key}`, value);
  for (const { itemId, afterImage } of items) put(`i${partition}:${itemId}`, afterImage);
}

async function visited(reads: Pick<StoredTables, 'visit'>): Promise<Expected> {
  const found: Expected = new Map();
  for (let partition = 0; partition < partitionCount; partition++) {
    const order: string[] = [];
    const put = (id: string, value: Uint8Array): void => {
      expect(found.has(id), id).toBe(false);
      order.push(id);
      found.set(id, textOf(value)!);
    };
    await reads.visit(partition, {
      state: (key, value) => put(`s${partition}:${key}`, value),
      item: (itemId, value) => put(`i${partition}:${itemId}`, value),
    });
    // State first, each in the order of its keys.
    expect(order).toEqual([
      ...order.filter((id) => id.startsWith('s')).sort(),
      ...order.filter((id) => id.startsWith('i')).sort(),
    ]);
  }
  return found;
}

function looked(reads: Pick<StoredTables, 'readState' | 'readItem'>, keys: readonly string[]): Expected {
  const found: Expected = new Map();
  for (let partition = 0; partition < partitionCount; partition++) {
    for (const key of keys) {
      const [state, item] = [reads.readState(partition, key), reads.readItem(partition, key)];
      if (state !== undefined) found.set(`s${partition}:${key}`, textOf(state)!);
      if (item !== undefined) found.set(`i${partition}:${key}`, textOf(item)!);
    }
  }
  return found;
}

/** Of its file; -1 when there is none. */
const sizeOf = (folder: string, { generation, number }: Segment): number =>
  statSync(join(folder, `journal-${generation}-${number}`), { throwIfNoEntry: false })?.size ?? -1;

const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
const put = fc.tuple(fc.constantFrom(...keys), fc.option(fc.string({ maxLength: 8 }), { nil: null, freq: 5 }));
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      partition: fc.nat(1),
      puts: fc.array(put, { maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

describe('the journal of a data folder', () => {
  const newFolder = tempFolders();
  const mountSmallDisk = smallDisks();
  const newLog = async (): Promise<string> => {
    const folder = newFolder();
    await createLog(folder, { format: folderFormat, partitionCount, createdAtMs: 0 });
    return folder;
  };

  test('is seen by nobody: whatever is merged, all readers find the last value of each row once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const folder = await newLog();
        let opened = await openEngine(folder);
        const view = await openEmbeddedReadOnly(folder);
        const expected: Expected = new Map();
        for (const one of steps) {
          if (one.kind === 'append') {
            await write(opened, null, [{ topic: 'ratings', partition: 0, records: recordsOf('a') }]);
          } else if (one.kind === 'reopen') {
            await opened.engine.close();
            opened = await openEngine(folder);
          } else {
            const change = changeOf(one.partition, one.puts);
            await write(opened, change);
            expectChange(expected, change);
          }
          expect(looked(opened.engine, keys)).toEqual(expected);
          expect(looked(view, keys)).toEqual(expected);
          const lost = storedSegments(opened.tables).filter((segment) => sizeOf(folder, segment) < segment.sizeBytes);
          expect(lost).toEqual([]);
        }
        expect(await visited(opened.engine)).toEqual(expected);
        expect(await visited(view)).toEqual(expected);
        await view.close();
        await opened.engine.close();
      }),
      { numRuns: 25 },
    );
  });

  test('comes to its end in the tables, and takes no more room with time', async () => {
    const folder = await newLog();
    const opened = await openEngine(folder);
    await write(opened, changeOf(0, [['cold', 'once']]));
    const sizes: number[] = [];
    for (let n = 0; n < 400; n++) {
      await write(
        opened,
        changeOf(0, [
          ['hot', String(n)],
          [`own${n}`, 'once'],
        ]),
      );
      sizes.push(storedSegments(opened.tables).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    }
    // What comes while a round is under way waits for the next one, and hurries it.
    expect(Math.max(...sizes.slice(200))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 200)) * 1.2);
    expect(opened.tables.state.get('0:cold')?.toString()).toBe('once');
    expect(opened.tables.state.get('0:own100')?.toString()).toBe('once');
    expect(opened.tables.state.get('0:hot')).toBeUndefined();
    expect(textOf(opened.engine.readState(0, 'hot'))).toBe('399');
    const named = storedSegments(opened.tables).map(({ generation, number }) => `journal-${generation}-${number}`);
    await opened.engine.close();
    const files = readdirSync(folder).filter((name) => name.startsWith('journal-'));
    expect(files.sort()).toEqual(named.sort());
  });

  test('that a write left behind which came to nothing is as if it were not there, and goes with the next start', async () => {
    const folder = await newLog();
    const opened = await openEngine(folder);
    await write(opened, changeOf(0, [['a', 'one']]));
    await opened.engine.close();
    const [segment] = readdirSync(folder).filter((name) => name.startsWith('journal-'));
    const [leaving] = piecesOf(changeOf(0, [['a', 'never']]));
    appendFileSync(join(folder, segment!), leaving!.bytes);
    appendFileSync(join(folder, segment!), 'half a row');
    writeFileSync(join(folder, 'journal-0-99'), leaving!.bytes);
    const view = await openEmbeddedReadOnly(folder);
    expect(textOf(view.readState(0, 'a'))).toBe('one');
    await view.close();
    const again = await openEngine(folder);
    expect(textOf(again.engine.readState(0, 'a'))).toBe('one');
    expect(readdirSync(folder)).not.toContain('journal-0-99');
    await again.engine.close();
  });

  test('has no room while the tables have: then all rows go there at once', async (context) => {
    const folder = newFolder();
    if (!mountSmallDisk(folder, 6_000_000)) context.skip('a disk cannot be mounted here');
    await createLog(folder, { format: folderFormat, partitionCount, createdAtMs: 0 });
    const opened = await openEngine(folder);
    const expected: Expected = new Map();
    const commit = async (...puts: [string, string | null][]): Promise<void> => {
      const change = changeOf(0, puts);
      await write(opened, change);
      expectChange(expected, change);
    };
    // Pages that nothing uses: of rows that come, are merged, and go.
    const large = 'x'.repeat(3000);
    for (const value of [large, null]) {
      for (let n = 0; n < 300; n++) await commit([`large${n}`, value], ['k1', String(n)]);
    }
    await commit(['k2', 'before'], ['k3', 'before']);
    const ballast = join(folder, 'ballast');
    for (let size = 4_000_000; size >= 1; size = Math.floor(size / 2)) {
      try {
        appendFileSync(ballast, Buffer.alloc(size, 1));
      } catch {
        // No room for so much.
      }
    }
    await commit(['k2', 'after'], ['k4', large]);
    expect(storedSegments(opened.tables)).toEqual([]);
    await commit(['k5', large]);
    expect(looked(opened.engine, keys)).toEqual(expected);
    await opened.engine.close();
    const again = await openEngine(folder);
    expect(await visited(again.engine)).toEqual(expected);
    await again.engine.close();
  });

  test('of a writer that was taken over damages nothing', async () => {
    const folder = await newLog();
    const former = await openEngine(folder);
    await write(former, changeOf(0, [['a', 'one']]));
    const { tables } = former;
    const generation = tables.meta.getEntry('writer')!.version! + 1;
    await tables.meta.put('writer', Buffer.alloc(8), generation);
    const later = await openEngine(folder);
    await write(later, changeOf(0, [['b', 'two']]));
    await expect(write(former, changeOf(0, [['a', 'late']]))).rejects.toThrow(FencedError);
    await write(later, changeOf(0, [['c', 'three']]));
    await former.engine.close();
    await later.engine.close();
    const view = await openEmbeddedReadOnly(folder);
    expect(['a', 'b', 'c'].map((key) => textOf(view.readState(0, key)))).toEqual(['one', 'two', 'three']);
    await view.close();
  });

  test('of which a file has gone is said to be damaged, by who writes and by who looks', async () => {
    const folder = await newLog();
    const opened = await openEngine(folder);
    await write(opened, changeOf(0, [['a', 'one']]));
    await opened.engine.close();
    for (const name of readdirSync(folder).filter((one) => one.startsWith('journal-'))) rmSync(join(folder, name));
    const gone = /file of the journal has gone/;
    await expect(openEngine(folder)).rejects.toThrow(gone);
    const view = await openEmbeddedReadOnly(folder);
    expect(() => view.readState(0, 'a')).toThrow(gone);
    await expect(view.visit(0, {})).rejects.toThrow(gone);
    await view.close();
  });

  test('holds what it was given', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300, size: 'max' });
    const value = fc.option(fc.nat(30_000), { nil: null });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, value), { maxLength: 12 }), (puts) => {
        const state = puts.map(([key, size], n) => ({ key, value: size === null ? null : Buffer.alloc(size, n + 1) }));
        const change = { ...changeOf(1, []), state };
        const pieces = [...piecesOf(change)];
        const found = [...rowsOf(Buffer.concat(pieces.map(({ bytes }) => bytes)))];
        expect(found.map(({ id }) => id)).toEqual(pieces.flatMap(({ rows }) => rows.map(({ id }) => id)));
        expect(found.map(({ id }) => id)).toEqual(puts.map(([key]) => `s1:${key}`));
        const digest = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null;
        expect(found.map((row) => digest(row.value))).toEqual(state.map((row) => digest(row.value)));
      }),
      { numRuns: 50 },
    );
  });

  test('that is damaged is said to be', () => {
    const [piece] = piecesOf(
      changeOf(0, [
        ['a', 'value'],
        ['b', null],
      ]),
    );
    const whole = piece!.bytes;
    for (const damaged of [
      whole.subarray(0, 3),
      whole.subarray(0, whole.length - 2),
      Buffer.concat([whole.subarray(0, 4), Buffer.from([9]), whole.subarray(5)]),
    ]) {
      expect(() => [...rowsOf(damaged)]).toThrow(CorruptStateError);
    }
  });
});
