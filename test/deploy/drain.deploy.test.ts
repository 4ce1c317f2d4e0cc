/** What `kubectl rollout restart` does, without Kubernetes: SIGTERM one by one while ratings come. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCrew } from '../fire/crew.ts';
import { startFeed } from '../fire/feed.ts';
import { allCommitted, createGroup } from '../fire/group.ts';
import { seededRandom } from '../fire/random.ts';
import { expectExactlyOnce } from '../fire/verdict.ts';
import { killAll } from '../integration/running-worker.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { describeLocalKafka } from '../support/kafka/suite.ts';
import { warmUp } from '../support/kafka/warm-up.ts';
import { chartFile } from './chart.ts';

const perSecond = 2000;
const workers = 3;

const { worker: chart } = parse(chartFile('values.yaml')) as {
  worker: { terminationGracePeriodSeconds: number; preStopSeconds: number };
};
const graceMs = (chart.terminationGracePeriodSeconds - chart.preStopSeconds) * 1000;

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await killAll();
  await cluster?.stop();
});

describeLocalKafka('a rolling restart under load', () => {
  test(
    'doubles and loses no prediction, and each drain ends within the grace period',
    { timeout: 240_000 },
    async () => {
      cluster = await startLocalKafka();
      await warmUp(cluster.brokers);
      const group = await createGroup(cluster.brokers, 12, 6000);
      // As the Deployment does it: another one is ready before the last one goes.
      const crew = createCrew({ size: workers, flags: group.flags, random: seededRandom(), graceMs });
      await crew.complete();
      const feed = startFeed({
        ...group,
        topic: group.topics.ratings,
        users: 4000,
        items: 5000,
        perSecond,
        events: 1e9,
      });
      await delay(2000);
      const drainsMs: number[] = [];
      for (const worker of crew.workers()) {
        const startMs = performance.now();
        await crew.end(worker, 'SIGTERM');
        drainsMs.push(Math.round(performance.now() - startMs));
        await crew.complete();
      }
      await delay(1000);
      feed.stop();
      await feed.done;
      await allCommitted(group, 90_000);
      expect(crew.problems).toEqual([]);
      const ratings = await expectExactlyOnce(group);
      process.stdout.write(
        `drains: ${drainsMs.join(', ')} ms of ${graceMs}; ${ratings} ratings, each predicted once\n`,
      );
      expect(drainsMs.length).toBe(workers);
      expect(Math.max(...drainsMs)).toBeLessThan(graceMs);
      await crew.close();
    },
  );
});
