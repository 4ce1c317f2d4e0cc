import { expect, it } from 'vitest';
import { createCodec, type CodecOptions } from '../../src/adapters/avro/codec.ts';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { withBatchWorker } from '../../src/cli/batch-worker.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { capturedIo } from '../support/captured-io.ts';
import { runCommand, runForJson } from '../support/run-command.ts';

const newFolder = tempFolders();
const scale = { lo: 1, hi: 5 };
const mapping = {
  userId: 'customer.id',
  itemId: 'sku',
  rating: 'stars',
  ratedAt: 'ratedAt',
  eventId: 'eventId',
  ratedAtUnit: 'milliseconds',
} as const;
const mapped = ['--map', 'userId=customer.id,itemId=sku,rating=stars'];

const foreign = (id: string, stars = 4): string =>
  JSON.stringify({ customer: { id }, sku: 's1', stars, ratedAt: 1000 });

/** A worker that takes in what waits, and these records. */
async function process(
  folder: string,
  values: readonly string[],
  options: Partial<CodecOptions> = {},
  partitionCount?: number,
): Promise<void> {
  const codec = createCodec({ scale, nowMs: () => Date.now(), ...options });
  const store = await openEmbedded({ folder, ...(partitionCount === undefined ? {} : { partitionCount }) });
  try {
    await withBatchWorker(store, { settings: defaultSettings, scale, codec }, capturedIo().io, async (worker) => {
      await store.append(
        0,
        values.map((value) => ({ key: Buffer.from('k'), value: Buffer.from(value) })),
      );
      await worker.caughtUp();
    });
  } finally {
    await store.close();
  }
}

it('lists the latest, newest last, with the untouched bytes', async () => {
  const folder = newFolder();
  await process(folder, ['{broken', foreign('c1'), '[]']);
  const { deadLetters, letters } = await runForJson<{ deadLetters: number; letters: Record<string, unknown>[] }>(
    ...['dead-letters', 'list', '--data', folder, '--limit', '2'],
  );
  expect(deadLetters).toBe(3);
  expect(letters.map(({ offset }) => offset)).toEqual([1, 2]);
  expect(letters[0]).toMatchObject({
    partition: 0,
    code: expect.stringMatching(/^FRESHET_/),
    reason: expect.stringContaining('userId'),
    source: { topic: 'ratings', partition: 0, offset: 1 },
    schemaId: null,
    keyBase64: Buffer.from('k').toString('base64'),
    valueBase64: Buffer.from(foreign('c1')).toString('base64'),
  });
  const { stdout } = await runCommand('dead-letters', 'list', '--data', folder);
  expect(stdout).toContain('FRESHET_UNDECODABLE');
  expect(stdout).toContain('ratings[0]@2');
  expect(stdout).toContain('3 of 3 dead letters');
});

it('says when there are none', async () => {
  const folder = newFolder();
  await process(folder, []);
  expect(await runCommand('dead-letters', 'list', '--data', folder)).toEqual({
    code: 0,
    stdout: 'No dead letters.\n',
    stderr: '',
  });
});

it('replays what can be read now, once, and leaves alone what would be refused again', async () => {
  const folder = newFolder();
  await process(folder, ['{broken', foreign('c1'), foreign('c2'), foreign('c1'), foreign('c3', 99)]);
  const unmapped = await runForJson('dead-letters', 'replay', '--data', folder);
  expect(unmapped).toMatchObject({ deadLetters: 5, replayed: 0, stillRefused: 5 });

  const first = await runForJson('dead-letters', 'replay', '--data', folder, ...mapped);
  expect(first).toEqual({
    deadLetters: 5,
    replayed: 2,
    alreadyIn: 1,
    stillRefused: 2,
    reasons: { FRESHET_UNDECODABLE: 1, FRESHET_RATING_OUTSIDE_SCALE: 1 },
  });
  const done = { deadLetters: 5, replayed: 0, alreadyIn: 3 };
  expect(await runForJson('dead-letters', 'replay', '--data', folder, ...mapped)).toMatchObject(done);
  expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 0, pending: 2 });

  await process(folder, [], { mapping });
  expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 2, users: 2, pending: 0 });
  expect(await runForJson('dead-letters', 'replay', '--data', folder, ...mapped)).toMatchObject(done);
});

it('replays once more what was refused again', async () => {
  const folder = newFolder();
  await process(folder, [foreign('c1')]);
  await runForJson('dead-letters', 'replay', '--data', folder, ...mapped);
  await process(folder, []);
  expect(await runForJson('inspect', '--data', folder)).toMatchObject({ deadLetters: 2 });
  expect(await runForJson('dead-letters', 'replay', '--data', folder, ...mapped)).toMatchObject({ replayed: 1 });
  await process(folder, [], { mapping });
  expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 1, deadLetters: 2 });
});

it('puts a record into the partition of the user whom it names now', async () => {
  const folder = newFolder();
  await process(folder, [], {}, 2);
  const users = ['a', 'b', 'c', 'd', 'e', 'f'];
  await process(
    folder,
    users.map((id) => foreign(id)),
  );
  expect(await runForJson('dead-letters', 'replay', '--data', folder, ...mapped)).toMatchObject({ replayed: 6 });
  await process(folder, [], { mapping });
  expect(await runForJson('inspect', '--data', folder)).toMatchObject({ ratingsApplied: 6, users: 6 });
  const homes = new Set<unknown>();
  for (const id of users) homes.add((await runForJson('inspect', 'user', id, '--data', folder))['partition']);
  expect([...homes].sort()).toEqual([0, 1]);
});

it('refuses to replay while a worker holds the folder, and lists all the same', async () => {
  const folder = newFolder();
  await process(folder, ['{broken']);
  const store = await openEmbedded({ folder });
  try {
    const { code, stderr } = await runCommand('dead-letters', 'replay', '--data', folder);
    expect(code).toBe(1);
    expect(stderr).toContain('Stop it first');
    expect(await runForJson('dead-letters', 'list', '--data', folder)).toMatchObject({ deadLetters: 1 });
  } finally {
    await store.close();
  }
});
