/** For how long a partition stands still when a worker goes, by the times of its committed predictions. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { killAll, type RunningWorker } from '../integration/running-worker.ts';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { describeLocalKafka } from '../support/kafka/suite.ts';
import { warmUp } from '../support/kafka/warm-up.ts';
import { createCrew } from './crew.ts';
import { startFeed } from './feed.ts';
import { allCommitted, createGroup } from './group.ts';
import { seededRandom } from './random.ts';
import { predictionsOf, type Predicted } from './verdict.ts';

const partitionCount = 12;
const sessionTimeoutMs = 6000;
/** The aim on two cores that do nothing else, and what is held to wherever this runs. */
const aimMs = 2000;
const barMs = 3 * aimMs;
const perSecond = 2000;

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await killAll();
  await cluster?.stop();
});

/** The longest time without a prediction that began or ended in the span, over all partitions. */
function longestGap(predicted: readonly Predicted[], fromMs: number, toMs: number): number {
  let longest = 0;
  for (let partition = 0; partition < partitionCount; partition++) {
    const times = predicted.filter((one) => one.partition === partition).map(({ committedAtMs }) => committedAtMs);
    times.sort((a, b) => a - b);
    times.forEach((time, i) => {
      const before = times[i - 1] ?? time;
      if (time > fromMs && before < toMs) longest = Math.max(longest, time - before);
    });
  }
  return longest;
}

describeLocalKafka('a partition whose worker goes', () => {
  test('is predicted for again in time', { timeout: 180_000 }, async () => {
    cluster = await startLocalKafka();
    await warmUp(cluster.brokers);
    const group = await createGroup(cluster.brokers, partitionCount, sessionTimeoutMs);
    const crew = createCrew({ size: 3, flags: group.flags, random: seededRandom() });
    await crew.complete();
    const events = 1e9;
    const feed = startFeed({ ...group, topic: group.topics.ratings, users: 4000, items: 5000, perSecond, events });
    const spans: Record<string, readonly [from: number, to: number]> = {};
    const during = async (what: string, happens: () => Promise<unknown>): Promise<void> => {
      await crew.complete();
      await delay(3000);
      const fromMs = Date.now();
      await happens();
      await crew.complete();
      await delay(3000);
      spans[what] = [fromMs, Date.now()];
      console.log(`${what}: ${Date.now() - fromMs} ms, ${feed.sent()} ratings sent`);
    };
    const first = (): RunningWorker => crew.workers()[0]!;
    await during('undisturbed', () => delay(3000));
    await during('SIGTERM', () => crew.end(first(), 'SIGTERM'));
    await during('SIGKILL', async () => {
      await crew.end(first(), 'SIGKILL');
      await delay(sessionTimeoutMs);
    });
    await during('rolling restart', async () => {
      for (const worker of crew.workers()) {
        await crew.end(worker, 'SIGTERM');
        await crew.complete();
      }
    });
    feed.stop();
    await feed.done;
    await allCommitted(group, 60_000);
    expect(crew.problems).toEqual([]);
    const predicted = await predictionsOf(group);
    const gaps = Object.fromEntries(
      Object.entries(spans).map(([what, [fromMs, toMs]]) => [what, longestGap(predicted, fromMs, toMs)]),
    );
    console.log(`longest time without a prediction, ms (aim ${aimMs} beyond the session timeout)`, gaps);
    expect(gaps['SIGTERM']).toBeLessThan(barMs);
    expect(gaps['SIGKILL']).toBeLessThan(sessionTimeoutMs + barMs);
    expect(gaps['rolling restart']).toBeLessThan(barMs);
    await crew.close();
  });
});
