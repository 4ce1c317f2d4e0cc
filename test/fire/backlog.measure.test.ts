/** A cold start before a long backlog: what it takes, and whether the group hears from the worker meanwhile. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { killAll, tryRun } from '../integration/running-worker.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { describeLocalKafka } from '../support/kafka/suite.ts';
import { warmUp } from '../support/kafka/warm-up.ts';
import { startFeed } from './feed.ts';
import { allCommitted, createGroup } from './group.ts';

/** As many as in MovieLens 1M. */
const events = Number(process.env.FRESHET_BACKLOG ?? 1_000_000);
const users = 6040;
const items = 3706;
const sessionTimeoutMs = 10_000;
const barMiB = 600;

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await killAll();
  await cluster?.stop();
});

/** The most memory that a process ever had. */
function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

describeLocalKafka('a worker that starts before a backlog', () => {
  test.runIf(process.platform === 'linux')(
    'stays in its group and within its memory, also when it restores',
    { timeout: 240_000 },
    async () => {
      cluster = await startLocalKafka();
      await warmUp(cluster.brokers);
      const group = await createGroup(cluster.brokers, 12, sessionTimeoutMs);
      await startFeed({ ...group, topic: group.topics.ratings, users, items, perSecond: 50_000, events }).done;
      const peaks: Record<string, number> = {};
      for (const what of ['catching up', 'restoring']) {
        const lines: string[] = [];
        const startMs = performance.now();
        const started = await tryRun(group.flags, { onLine: (line) => void lines.push(line) });
        if (started.kind === 'ended') throw new Error(started.stderr);
        await allCommitted(group, 200_000);
        peaks[what] = Math.round(peakMiB(started.worker.pid));
        console.log(`${what}: ${peaks[what]} MiB, ${Math.round(performance.now() - startMs)} ms`);
        started.worker.kill('SIGTERM');
        await started.worker.exited;
        const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
        expect(messages.filter((msg) => msg === 'joined the group')).toHaveLength(1);
        expect(messages.filter((msg) => /heartbeat was late|interrupted/.test(msg))).toEqual([]);
        expect(messages.filter((msg) => msg === 'partition restored')).toHaveLength(12);
      }
      expect(Math.max(...Object.values(peaks))).toBeLessThan(barMiB);
    },
  );
});
