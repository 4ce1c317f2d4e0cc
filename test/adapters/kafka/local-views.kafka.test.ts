import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSnapshot } from '../../../src/adapters/embedded/snapshot-store.ts';
import { topicIdentity } from '../../../src/adapters/kafka/changelog-identity.ts';
import { itemRecord } from '../../../src/adapters/kafka/changelog.ts';
import { createLocalViews, type LocalViewsOptions } from '../../../src/adapters/kafka/local-views.ts';
import type { ChangelogViews } from '../../../src/ports/changelog-views.ts';
import { brokers, describeKafka } from '../../support/kafka/suite.ts';
import { testClient } from '../../support/kafka/topics.ts';
import { until } from '../../support/kafka/until.ts';
import {
  eagerCompaction,
  givenReader,
  givenTopic,
  givenWriter,
  quiet,
  textOf,
  untilCompacted,
} from './given-reader.ts';
import { removeFolder } from '../../support/remove-folder.ts';

const hourMs = 3_600_000;

async function givenChangelogs(config: Record<string, string> = {}) {
  const [users, items] = [await givenTopic(config), await givenTopic(config)];
  const folder = mkdtempSync(join(tmpdir(), 'freshet-views-'));
  onTestFinished(() => removeFolder(folder));
  const reader = givenReader({ maxFetchBytes: 20_000 });
  const clock = { nowMs: 1_000_000 };
  const reasons: string[] = [];
  const log = { ...quiet, warn: ({ reason }: Readonly<Record<string, unknown>>) => void reasons.push(String(reason)) };

  /** A worker that looks, and stops. */
  async function open(
    overrides: Partial<LocalViewsOptions> & { wrap?: (views: ChangelogViews) => ChangelogViews } = {},
  ) {
    const identity = { app: 'test' };
    const store = await openSnapshot({ folder, identity, partitionCount: 1, log });
    const views = createLocalViews({
      views: overrides.wrap?.(store) ?? store,
      reader,
      openReader: () => givenReader({ maxFetchBytes: 20_000 }),
      topics: { users, items },
      partitionCount: 1,
      maxAgeMs: hourMs,
      nowMs: () => clock.nowMs,
      log,
      everyMs: 10,
      ...overrides,
    });
    return {
      store,
      close: () => views.close(),
      async restore(committed: number | null = null) {
        const rows: Record<string, string> = {};
        const note = (key: string, value: Uint8Array): void => {
          expect(rows).not.toHaveProperty([key]);
          rows[key] = textOf(value)!;
        };
        const [u, i] = [await views.visit('users', 0, note, undefined, committed), await views.visit('items', 0, note)];
        return { rows, fromDisk: u.fromDisk + i.fromDisk, fromChangelog: u.fromChangelog + i.fromChangelog };
      },
    };
  }

  /** Restores, brings the copies up to date, stops. */
  async function once(committed: number | null = null) {
    const opened = await open();
    const restored = await opened.restore(committed);
    await opened.close();
    return restored;
  }
  return { users, items, reader, clock, reasons, open, once, folder };
}

const item = (image: string) => itemRecord(Buffer.from(image), Buffer.from('delta'), 0, 1);

describeKafka('local copies of changelogs', () => {
  test('give the rows as of the end, whatever part of them comes from disk', async () => {
    const { users, items, reader, once, reasons } = await givenChangelogs();
    const [userWriter, itemWriter] = [await givenWriter(users, reader), await givenWriter(items, reader)];
    await userWriter.commit([
      { key: 'u/1', value: 'a' },
      { key: 'u/2', value: 'b' },
      { key: 'u/gone', value: 'x' },
    ]);
    await itemWriter.commit([{ key: 'i/1', value: item('one') }]);
    const first = await once();
    expect(first).toMatchObject({ rows: { 'u/1': 'a', 'u/2': 'b', 'u/gone': 'x', 'i/1': 'one' }, fromDisk: 0 });
    await userWriter.commit([
      { key: 'u/1', value: 'new' },
      { key: 'u/gone', value: null },
      { key: 'u/3', value: 'c' },
    ]);
    await userWriter.abort([{ key: 'u/2', value: 'aborted' }]);
    await itemWriter.commit([{ key: 'i/1', value: item('two') }]);
    const rows = { 'u/1': 'new', 'u/2': 'b', 'u/3': 'c', 'i/1': 'two' };
    expect(await once()).toEqual({ rows, fromDisk: 4, fromChangelog: 4 });
    expect(await once()).toEqual({ rows, fromDisk: 4, fromChangelog: 0 });
    expect(reasons).toEqual([]);
  });

  test('take in a tail that is larger than what may be held in memory', async () => {
    const { users, reader, once, open } = await givenChangelogs();
    const writer = await givenWriter(users, reader);
    await writer.commit([{ key: 'u/0', value: 'first' }]);
    await once();
    const expected: Record<string, string> = {};
    for (let round = 0; round < 5; round++) {
      const records = Array.from({ length: 100 }, (_, i) => ({ key: `u/${i}`, value: `${round} ${'x'.repeat(200)}` }));
      for (const { key, value } of records) expected[key] = value;
      await writer.commit(records);
    }
    const opened = await open({ maxHeldBytes: 10_000, everyMs: 60_000 });
    const { rows, fromChangelog } = await opened.restore();
    await opened.close();
    expect(rows).toEqual(expected);
    expect(fromChangelog).toBe(500);
    expect((await once()).rows).toEqual(expected);
  });

  test('follow the changelog while the worker runs', async () => {
    const { users, reader, open } = await givenChangelogs();
    const writer = await givenWriter(users, reader);
    await writer.commit([{ key: 'u/1', value: 'a' }]);
    const opened = await open();
    const { store } = opened;
    await opened.restore();
    await writer.commit([{ key: 'u/2', value: 'b' }]);
    await until('it is on disk', () => textOf(store.read('users:0', 'u/2') ?? null) === 'b');
    await writer.commit([{ key: 'u/2', value: null }]);
    await until('it is gone from disk', () => store.read('users:0', 'u/2') === undefined);
    await opened.close();
  });

  test(
    'that are too old are ignored: compaction has removed the deletion of a forgotten user',
    { timeout: 60_000 },
    async () => {
      const { users, reader, clock, once, reasons } = await givenChangelogs({
        ...eagerCompaction,
        'delete.retention.ms': '1',
      });
      const writer = await givenWriter(users, reader);
      await writer.commit([
        { key: 'u/forgotten', value: 'x' },
        { key: 'u/1', value: 'a' },
      ]);
      await once();
      await writer.commit([{ key: 'u/forgotten', value: null }]);
      const keys = async (): Promise<(string | null)[]> => {
        const found: (string | null)[] = [];
        await reader.readToEnd(users, 0, 0, ({ key }) => void found.push(textOf(key)));
        return found;
      };
      await untilCompacted(writer, async () => !(await keys()).includes('u/forgotten'));
      clock.nowMs += hourMs + 1;
      const { rows, fromDisk } = await once();
      expect(rows).not.toHaveProperty(['u/forgotten']);
      expect(rows).toHaveProperty(['u/1']);
      expect(fromDisk).toBe(0);
      expect(reasons[0]).toMatch(/^it is 3600 s old/);
    },
  );

  test.each([
    ['learned more than is committed', 9, /learned up to 10, and only 9 is committed/],
    ['fits', 10, undefined],
  ])('whose last checkpoint %s', async (_, committed, reason) => {
    const { users, reader, once, reasons } = await givenChangelogs();
    const writer = await givenWriter(users, reader);
    await writer.commit([
      { key: 'u/1', value: 'a' },
      { key: 'o/next-offset', value: '10' },
    ]);
    await once();
    const { rows } = await once(committed);
    expect(rows).toMatchObject({ 'u/1': 'a' });
    if (reason === undefined) expect(reasons).toEqual([]);
    else expect(reasons[0]).toMatch(reason);
  });

  test('fall behind when the disk fails, and hold nobody up', async () => {
    const { users, reader, open, once, reasons } = await givenChangelogs();
    const writer = await givenWriter(users, reader);
    await writer.commit([{ key: 'u/1', value: 'a' }]);
    await once();
    const opened = await open({
      wrap: (views) => ({ ...views, write: () => Promise.reject(new Error('the disk is full')) }),
    });
    expect((await opened.restore()).rows).toEqual({ 'u/1': 'a' });
    await writer.commit([{ key: 'u/2', value: 'b' }]);
    await until('it is said', () => reasons.length > 0);
    expect(reasons).toEqual(['the disk is full']);
    await opened.close();
    expect(await once()).toMatchObject({ rows: { 'u/1': 'a', 'u/2': 'b' }, fromDisk: 1, fromChangelog: 1 });
  });
});

describeKafka('the identity of changelogs', () => {
  test('is the same for the same topics and another for others', async () => {
    const [one, two] = [await givenTopic(), await givenTopic()];
    const kafka = testClient(brokers);
    const first = await topicIdentity(kafka, [one, two], brokers);
    expect(first).toEqual(await topicIdentity(kafka, [one, two], brokers));
    expect(first.clusterId).not.toBe('');
    expect(new Set(first.topicIds).size).toBe(2);
    for (const id of first.topicIds) expect(id).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });
});
