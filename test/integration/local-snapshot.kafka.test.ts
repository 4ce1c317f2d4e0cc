/** Workers on Kafka that restart on the same disk, by the composition that `freshet run --brokers .. --data DIR` makes. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, expect, test } from 'vitest';
import { textKeys } from '../../src/adapters/embedded/lmdb-tables.ts';
import { startKafkaWorker, type KafkaWorker, type KafkaWorkerOptions } from '../../src/cli/kafka-worker.ts';
import { defaultSettings, withPosterior } from '../../src/model/settings.ts';
import type { Log } from '../../src/ports/log.ts';
import { forget, rate } from '../support/flow-inputs.ts';
import { memoryOf } from '../support/flow-state.ts';
import { flowCodec, flowScale, silentLog, smallSettings } from '../support/flow-worker.ts';
import { brokers, describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { until } from '../support/kafka/until.ts';
import { killAll, tryRun } from './running-worker.ts';
import { removeFolder } from '../support/remove-folder.ts';

const partitionCount = 3;
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  await killAll();
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-snapshot-'));
  cleanUp.push(() => removeFolder(folder));
  return folder;
}

async function start(app: string, data: string | undefined, overrides: Partial<KafkaWorkerOptions> = {}) {
  const reasons: unknown[] = [];
  const reads = { fromDisk: 0, fromChangelog: 0 };
  const log: Log = {
    ...silentLog,
    warn({ reason }, message) {
      if (message.startsWith('the local snapshot')) reasons.push(reason);
    },
    info({ fromDisk, fromChangelog }, message) {
      if (message !== 'rows of a partition read') return;
      reads.fromDisk += Number(fromDisk);
      reads.fromChangelog += Number(fromChangelog);
    },
  };
  const worker = await startKafkaWorker({
    settings: smallSettings,
    scale: flowScale,
    codec: flowCodec,
    log,
    checkpointEvents: 100,
    checkpointMs: 20,
    maxUsers: 1e6,
    maxItems: 1e6,
    connection: { brokers, clientId: app, log: silentLog },
    topics: topicsOfApp(app),
    app,
    delivery: 'exactly-once',
    onLostOffset: 'stop',
    maxBacklog: 100_000,
    createPartitions: partitionCount,
    data,
    ...overrides,
  });
  cleanUp.push(() => worker.stop());
  return { worker, reasons, reads };
}

const committed = ({ worker }: KafkaWorker, partition: number): number =>
  worker.tasks.get(partition)?.committedOffset ?? -1;

/** `count` ratings in each partition, by users of its own, of items that all share. */
async function learn(worker: KafkaWorker, count: number, round: string): Promise<void> {
  for (let partition = 0; partition < partitionCount; partition++) {
    const records = Array.from({ length: count }, (_, i) =>
      rate(`user-${partition}-${(i * 7) % 40}`, `item-${(i * 3 + partition) % 25}`, 1 + (i % 5)),
    );
    const first = await worker.ratingsLog.append(partition, records);
    await until(`${round} of partition ${partition}`, () => committed(worker, partition) >= first + count);
  }
}

/** Without the sums over tasks: they are added in the order in which tasks came, and differ in the last bit. */
const rowsOf = ({ worker }: KafkaWorker): Record<string, string> =>
  Object.fromEntries(Object.entries(memoryOf(worker)).filter(([name]) => !name.startsWith('item ')));

async function fullRestore(app: string) {
  const { worker, reads } = await start(app, undefined);
  const rows = rowsOf(worker);
  await worker.stop();
  return { rows, reads };
}

describeKafka('a worker with a local snapshot', () => {
  test(
    'reads the rows from disk and the tail from the changelogs, and holds the same bits as after a full restore',
    { timeout: 60_000 },
    async () => {
      const [app, folder, older] = [uniqueName('disk'), newFolder(), newFolder()];
      const first = await start(app, folder);
      expect(first.reads).toEqual({ fromDisk: 0, fromChangelog: 0 });
      await learn(first.worker, 200, 'the first round');
      await first.worker.stop();
      cpSync(folder, older, { recursive: true });
      const second = await start(app, folder);
      expect(second.reads.fromDisk).toBeGreaterThan(100);
      // The markers of the last checkpoint may have come after the last look.
      expect(second.reads.fromChangelog).toBeLessThan(second.reads.fromDisk / 2);
      await learn(second.worker, 30, 'the second round');
      await second.worker.stop();

      const full = await fullRestore(app);
      const fromOlder = await start(app, older);
      expect(fromOlder.reasons).toEqual([]);
      expect(rowsOf(fromOlder.worker)).toEqual(full.rows);
      expect(fromOlder.reads.fromChangelog).toBeGreaterThan(0);
      expect(fromOlder.reads.fromChangelog).toBeLessThan(full.reads.fromChangelog / 2);
      expect(fromOlder.reads.fromDisk).toBeGreaterThan(100);
      expect(await fromOlder.worker.telemetry.metricsText()).toMatch(
        /^freshet_restore_reads_total\{source="disk"\} [1-9]/m,
      );
    },
  );

  test('has the items of other workers from disk as well', { timeout: 60_000 }, async () => {
    const [app, folder] = [uniqueName('follow'), newFolder()];
    const [one, two] = [await start(app, undefined), await start(app, folder)];
    await until('both have partitions', () => two.worker.worker.tasks.size > 0 && one.worker.worker.tasks.size > 0);
    for (let partition = 0; partition < partitionCount; partition++) {
      const owner = [one, two].find(({ worker }) => worker.worker.tasks.has(partition))!;
      const records = Array.from({ length: 150 }, (_, i) => rate(`u${partition}-${i % 20}`, `i${i % 30}`, 1 + (i % 5)));
      await one.worker.ratingsLog.append(partition, records);
      await until(`partition ${partition}`, () => committed(owner.worker, partition) === 150);
    }
    const rowsOfItems = ({ worker }: KafkaWorker): string[] =>
      Array.from({ length: 30 }, (_, i) => String(worker.items.find(`i${i}`) >= 0));
    await until('the other one follows', () => rowsOfItems(two.worker).every((found) => found === 'true'));
    await two.worker.stop();
    expect(two.reasons).toEqual([]);
    const again = await start(app, folder);
    await again.worker.worker.follow();
    const text = await again.worker.telemetry.metricsText();
    const read = (source: string): number =>
      Number(new RegExp(`^freshet_restore_reads_total\\{source="${source}"\\} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(rowsOfItems(again.worker).every((found) => found === 'true')).toBe(true);
    expect(read('disk')).toBeGreaterThan(60);
    expect(read('changelog')).toBeLessThan(read('disk') / 2);
  });

  test('of another app ignores it, says why, and restores everything', { timeout: 60_000 }, async () => {
    const [app, other, folder] = [uniqueName('mine'), uniqueName('other'), newFolder()];
    const foreign = await start(other, folder);
    await learn(foreign.worker, 50, 'the other app');
    await foreign.worker.stop();
    const mine = await start(app, undefined);
    await learn(mine.worker, 60, 'my app');
    await mine.worker.stop();
    const full = await fullRestore(app);
    const started = await start(app, folder);
    expect(started.reasons).toEqual([expect.stringContaining(`app is ${other} where ${app} is expected`)]);
    expect(started.reads.fromDisk).toBe(0);
    expect(rowsOf(started.worker)).toEqual(full.rows);
  });

  test('that was learned with another effort is refused with what to ask for', { timeout: 60_000 }, async () => {
    const app = uniqueName('effort');
    const { worker } = await start(app, undefined);
    await learn(worker, 20, 'without sketches');
    await worker.stop();
    const fuller = { settings: withPosterior(smallSettings) };
    // Rows that are followed may come before the settings that are stored with a task: either refuses.
    await expect(start(app, undefined, fuller)).rejects.toThrow(
      /ask for the --effort that it was learned with|learned with --effort fast or balanced .* ask for fast or balanced/,
    );
  });

  test('holds nothing of a forgotten user', { timeout: 60_000 }, async () => {
    const [app, folder] = [uniqueName('forget'), newFolder()];
    const { worker } = await start(app, folder);
    await worker.ratingsLog.append(0, [rate('somebody-unique', 'i', 5), rate('another', 'i', 2)]);
    await until('it is learned', () => committed(worker, 0) === 2);
    await worker.stop();
    expect(keysIn(folder)).toContain('u/somebody-unique');
    const second = await start(app, folder);
    await second.worker.ratingsLog.append(0, [forget('somebody-unique')]);
    await until('it is forgotten', () => committed(second.worker, 0) === 3);
    await second.worker.stop();
    expect(keysIn(folder).filter((key) => key.includes('somebody-unique'))).toEqual([]);
    expect(keysIn(folder)).toContain('u/another');
    const third = await start(app, folder);
    expect(third.worker.worker.tasks.get(0)!.learner.users.find('somebody-unique')).toBe(-1);
    expect(third.worker.worker.tasks.get(0)!.learner.users.find('another')).toBeGreaterThanOrEqual(0);
  });

  test('killed at any moment holds the right rows after the next start', { timeout: 200_000 }, async () => {
    const [app, folder] = [uniqueName('killed'), newFolder()];
    const topics = Object.entries(topicsOfApp(app)).map(([role, topic]) => `${role}=${topic}`);
    const place = ['--brokers', brokers.join(','), '--app', app, '--topics', topics.join(','), '--data', folder];
    const flags = [...place, '--create-topics', '--partitions', String(partitionCount), '--scale', '1..5'];
    let sent = 0;
    for (let kill = 0; kill < 4; kill++) {
      const started = await tryRun(flags);
      if (started.kind !== 'ready') throw new Error(started.stderr);
      const killMs = performance.now() + Math.random() * 4000;
      while (performance.now() < killMs) {
        const ratings = Array.from({ length: 50 }, () => ({
          userId: `u${sent % 60}`,
          itemId: `i${(sent++ * 7) % 40}`,
          rating: 1 + (sent % 5),
          ratedAt: 1_600_000_000_000 + sent * 1000,
        }));
        const headers = { 'content-type': 'application/json' };
        await fetch(`${started.worker.url}/ratings`, { method: 'POST', headers, body: JSON.stringify(ratings) });
      }
      started.worker.kill('SIGKILL');
      await started.worker.exited;
    }
    const overrides = { settings: withPosterior(defaultSettings), scale: { lo: 1, hi: 5 } };
    const fromDisk = await start(app, folder, overrides);
    await until('all is learned', () => [0, 1, 2].reduce((sum, p) => sum + committed(fromDisk.worker, p), 0) >= sent);
    await fromDisk.worker.stop();
    const again = await start(app, folder, overrides);
    const rows = rowsOf(again.worker);
    expect(again.reads.fromDisk).toBeGreaterThan(0);
    expect(again.reasons).toEqual([]);
    await again.worker.stop();
    const full = await start(app, undefined, overrides);
    expect(rows).toEqual(rowsOf(full.worker));
  });
});

/** Every key of every table in the snapshot's file. */
function keysIn(folder: string): string[] {
  const root = open({ path: `${folder}/snapshot`, noSubdir: false, encoding: 'binary', readOnly: true, maxDbs: 20 });
  const names = Array.from({ length: partitionCount }, (_, p) => [`users:${p}`, `items:${p}`]).flat();
  try {
    return names.flatMap((name) => {
      const table = root.openDB(name, { encoding: 'binary', keyEncoder: textKeys } as object);
      return [...table.getKeys()].map(String);
    });
  } finally {
    void root.close();
  }
}
