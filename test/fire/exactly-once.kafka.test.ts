/**
 * Exactly once under fire: workers of one group are killed, stopped and started, and the broker is restarted, by chance.
 * FRESHET_FIRE=full makes it the long one; FRESHET_FIRE_SEED gives the chance, which is printed.
 */
import { afterEach, expect, test } from 'vitest';
import { killAll } from '../integration/running-worker.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { describeLocalKafka } from '../support/kafka/suite.ts';
import { warmUp } from '../support/kafka/warm-up.ts';
import { createCrew, type Crew } from './crew.ts';
import { startFeed } from './feed.ts';
import { allCommitted, createGroup } from './group.ts';
import { seededRandom } from './random.ts';
import { createOutages, storm } from './storm.ts';
import { expectExactlyOnce, expectSameView } from './verdict.ts';

const isFull = process.env.FRESHET_FIRE === 'full';
const partitionCount = 12;
const users = 4000;
const fire = isFull
  ? { events: 200_000, kills: 30, terms: 10, brokerRestarts: 2, durationMs: 110_000 }
  : { events: 30_000, kills: 6, terms: 2, brokerRestarts: 1, durationMs: 24_000 };

let cluster: LocalCluster | undefined;
let crew: Crew | undefined;
afterEach(async () => {
  await killAll();
  await cluster?.stop();
});

describeLocalKafka('a group of three workers under fire', () => {
  test('predicts and learns every rating exactly once', { timeout: 240_000 }, async () => {
    const random = seededRandom();
    console.log(`seed ${random.seed}: FRESHET_FIRE_SEED gives it again`);
    const startMs = performance.now();
    const say = (what: string): void => console.log(`${((performance.now() - startMs) / 1000).toFixed(1)} s: ${what}`);
    cluster = await startLocalKafka();
    await warmUp(cluster.brokers);
    const group = await createGroup(cluster.brokers, partitionCount, 2000);
    const outages = createOutages();
    crew = createCrew({ size: 3, flags: group.flags, random, brokersWereAway: (sinceMs) => outages.wereAway(sinceMs) });
    await crew.complete();
    say('the workers serve');
    const perSecond = Math.ceil((1000 * fire.events) / fire.durationMs);
    const feed = startFeed({
      ...group,
      topic: group.topics.ratings,
      users,
      items: 500,
      perSecond,
      events: fire.events,
    });
    await storm(crew, cluster, outages, random, fire);
    say(`the storm is over, ${feed.sent()} ratings are sent`);
    await feed.done;
    await crew.complete();
    await allCommitted(group, 60_000);
    say('all is committed');
    expect(crew.problems).toEqual([]);
    const workers = crew.workers();
    expect(workers).toHaveLength(3);
    const count = await expectExactlyOnce(group);
    expect(count).toBeGreaterThanOrEqual(fire.events);
    say(`${count} ratings, each predicted and learned once`);
    await expectSameView(group, workers, users);
    say('every worker has the same view');
    await crew.close();
    expect(crew.problems).toEqual([]);
    say('stopped');
  });
});
