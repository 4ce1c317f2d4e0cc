import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, test } from 'vitest';
import { openTables } from '../../../src/adapters/embedded/lmdb-tables.ts';
import { openEmbedded, openEmbeddedReadOnly } from '../../../src/adapters/embedded/open-embedded.ts';
import { DataFolderError, DataFolderLockedError } from '../../../src/errors.ts';
import { bytesOf, checkpoint, readAll, recorder, recordsOf, textOf } from '../../contracts/transport-harness.ts';
import { tempFolders } from './temp-folder.ts';

const contentOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !['lock.mdb', 'writer.sock'].includes(name))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    );

async function refusesUnchanged(folder: string, partitionCount: number, why: RegExp): Promise<void> {
  const before = contentOf(folder);
  await expect(openEmbedded({ folder, partitionCount })).rejects.toThrow(why);
  await expect(openEmbedded({ folder, partitionCount })).rejects.toThrow(DataFolderError);
  expect(contentOf(folder)).toEqual(before);
}

describe('data folder', () => {
  const newFolder = tempFolders();

  test('is created with its parents, and keeps its partition count', async () => {
    const folder = join(newFolder(), 'not', 'there yet');
    const store = await openEmbedded({ folder, partitionCount: 3 });
    await store.append(2, recordsOf('kept'));
    await store.close();
    const again = await openEmbedded({ folder });
    expect(again.partitionCount).toBe(3);
    expect(readAll(again, 'ratings', 2)).toEqual(['kept']);
    await again.close();
  });

  test('is refused unchanged when it has another number of partitions', async () => {
    const folder = newFolder();
    await (await openEmbedded({ folder, partitionCount: 3 })).close();
    await refusesUnchanged(folder, 4, /3 partitions and 4 are asked for/);
    await (await openEmbedded({ folder, partitionCount: 3 })).close();
  });

  test('is refused unchanged when a newer version wrote it', async () => {
    const folder = newFolder();
    await (await openEmbedded({ folder })).close();
    const tables = (await openTables(folder, false, false))!;
    await tables.meta.put('format', Buffer.from('{"format":3,"partitionCount":1,"createdAtMs":0}'), 1);
    await tables.root.close();
    await refusesUnchanged(folder, 1, /its format is 3 and this version reads 2/);
  });

  test('of the former format, without a journal, is gone on with, and is of this one from then on', async () => {
    const folder = newFolder();
    await (await openEmbedded({ folder })).close();
    const tables = (await openTables(folder, false, false))!;
    await tables.state.put('0:u', Buffer.from('row'));
    await tables.meta.put('format', Buffer.from('{"format":1,"partitionCount":1,"createdAtMs":0}'), 1);
    await tables.root.close();
    const view = await openEmbeddedReadOnly(folder);
    expect(textOf(view.readState(0, 'u'))).toBe('row');
    await view.close();
    const store = await openEmbedded({ folder });
    const listener = recorder();
    await store.append(0, recordsOf('a'));
    await store.member().start(listener);
    await listener.lease(0).commit(checkpoint({ nextOffset: 1, state: [{ key: 'v', value: bytesOf('new') }] }));
    await store.close();
    const after = await openEmbeddedReadOnly(folder);
    expect([textOf(after.readState(0, 'u')), textOf(after.readState(0, 'v'))]).toEqual(['row', 'new']);
    await after.close();
    const opened = (await openTables(folder, false, true))!;
    expect(JSON.parse(opened.meta.get('format')!.toString())).toMatchObject({ format: 2 });
    await opened.root.close();
  });

  test('is refused unchanged when it belongs to something else', async () => {
    const documents = newFolder();
    writeFileSync(join(documents, 'thesis.txt'), 'mine');
    await refusesUnchanged(documents, 1, /it holds thesis.txt and no log/);

    const other = newFolder();
    const theirs = open({ path: other, noSubdir: false });
    await theirs.put('a', 'b');
    await theirs.close();
    await refusesUnchanged(other, 1, /it has no tables of ours/);

    for (const garbage of ['x', 'x'.repeat(100_000), '\0'.repeat(100_000)]) {
      const folder = newFolder();
      writeFileSync(join(folder, 'data.mdb'), garbage);
      await refusesUnchanged(folder, 1, /data.mdb is damaged, or is something else/);
      await expect(openEmbeddedReadOnly(folder)).rejects.toThrow(DataFolderError);
    }
  });

  test('is refused when it is a file', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, 'mine');
    await expect(openEmbedded({ folder: file })).rejects.toThrow(DataFolderError);
  });

  test('is created anew when its creation was cut short', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'creating.tmp'));
    writeFileSync(join(folder, 'creating.tmp', 'data.mdb'), 'half');
    const store = await openEmbedded({ folder });
    expect(await store.append(0, recordsOf('a'))).toBe(0);
    await store.close();
    expect(readdirSync(folder)).not.toContain('creating.tmp');
  });

  test('is locked while it is open, and free afterwards', async () => {
    const folder = newFolder();
    const store = await openEmbedded({ folder });
    await expect(openEmbedded({ folder })).rejects.toThrow(DataFolderLockedError);
    expect(await store.append(0, recordsOf('still working'))).toBe(0);
    await store.close();
    await store.close();
    await (await openEmbedded({ folder })).close();
  });

  test('is locked under a path that is longer than a socket address', async () => {
    const folder = join(newFolder(), ...Array.from({ length: 5 }, () => 'd'.repeat(40)));
    const store = await openEmbedded({ folder });
    await expect(openEmbedded({ folder })).rejects.toThrow(DataFolderLockedError);
    await store.close();
    await (await openEmbedded({ folder })).close();
  });

  test('can be looked at while a worker writes to it', async () => {
    const folder = newFolder();
    const store = await openEmbedded({ folder, partitionCount: 2 });
    await store.append(1, recordsOf('a', 'b'));
    const view = await openEmbeddedReadOnly(folder);
    const listener = recorder();
    await store.member({ partitions: [1] }).start(listener);
    const changes = {
      state: [{ key: 'u', value: bytesOf('row') }],
      items: [{ itemId: 'i', afterImage: bytesOf('image'), delta: bytesOf('d') }],
    };
    await listener.lease(1).commit(checkpoint({ nextOffset: 1, ...changes, predictions: recordsOf('p') }));
    const seen: string[] = [];
    await view.visit(1, { state: (key) => seen.push(key), item: (itemId) => seen.push(itemId) });
    expect(seen).toEqual(['u', 'i']);
    expect([view.partitionCount, view.committedOffset(1), view.end('ratings', 1)]).toEqual([2, 1, 2]);
    expect(textOf(view.readState(1, 'u'))).toBe('row');
    expect(textOf(view.readItem(1, 'i'))).toBe('image');
    expect(view.read('predictions', 1, 0, 10).map(({ value }) => textOf(value))).toEqual(['p']);
    await view.close();
    expect(await store.append(1, recordsOf('c'))).toBe(2);
    await store.close();
  });

  test('is not created by looking for it', async () => {
    const folder = newFolder();
    await expect(openEmbeddedReadOnly(folder)).rejects.toThrow(DataFolderError);
    await expect(openEmbeddedReadOnly(join(folder, 'nowhere'))).rejects.toThrow(DataFolderError);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('fences a writer when another process takes the folder over all the same', async () => {
    const folder = newFolder();
    const store = await openEmbedded({ folder });
    const tables = (await openTables(folder, false, false))!;
    const generation = tables.meta.getEntry('writer')!.version!;
    await tables.meta.put('writer', Buffer.alloc(8), generation + 1);
    await expect(store.append(0, recordsOf('late'))).rejects.toThrow(/taken over by another process/);
    expect(readAll(store, 'ratings')).toEqual([]);
    await tables.root.close();
    await store.close();
  });
});
