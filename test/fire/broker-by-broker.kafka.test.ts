/** Exactly once on three brokers, each of which is killed in turn while workers come and go. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { killAll } from '../integration/running-worker.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { describeLocalKafka } from '../support/kafka/suite.ts';
import { warmUp } from '../support/kafka/warm-up.ts';
import { createCrew } from './crew.ts';
import { startFeed } from './feed.ts';
import { allCommitted, createGroup } from './group.ts';
import { seededRandom } from './random.ts';
import { expectExactlyOnce, expectSameView } from './verdict.ts';

const partitionCount = 12;
const users = 2000;
const events = 25_000;
/** Long enough for the controller to notice, and for leaders to move. */
const awayMs = 5000;

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await killAll();
  await cluster?.stop();
});

describeLocalKafka('a group of three workers on three brokers', () => {
  test(
    'predicts and learns every rating exactly once when each broker is killed in turn',
    { timeout: 240_000 },
    async () => {
      const random = seededRandom();
      console.log(`seed ${random.seed}: FRESHET_FIRE_SEED gives it again`);
      cluster = await startLocalKafka({ nodeCount: 3 });
      await warmUp(cluster.brokers);
      const group = await createGroup(cluster.brokers, partitionCount, 3000);
      const crew = createCrew({ size: 3, flags: group.flags, random });
      await crew.complete();
      const feed = startFeed({ ...group, topic: group.topics.ratings, users, items: 500, perSecond: 600, events });
      for (const node of random.shuffled([1, 2, 3])) {
        await delay(2000);
        await cluster.kill(node);
        await delay(awayMs / 2);
        await crew.strike(random.pick(['SIGKILL', 'SIGTERM']));
        await delay(awayMs / 2);
        await cluster.start(node);
      }
      await feed.done;
      await crew.complete();
      await allCommitted(group, 60_000);
      expect(crew.problems).toEqual([]);
      expect(await expectExactlyOnce(group)).toBeGreaterThanOrEqual(events);
      await expectSameView(group, crew.workers(), users);
      await crew.close();
      expect(crew.problems).toEqual([]);
    },
  );
});
