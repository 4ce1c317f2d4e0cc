/** What happens to workers and brokers, by chance, over a given time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalCluster } from '../support/kafka/local-cluster.ts';
import type { Crew } from './crew.ts';
import type { Random } from './random.ts';

export interface StormOptions {
  readonly kills: number;
  readonly terms: number;
  /** One in two is a SIGKILL. */
  readonly brokerRestarts: number;
  readonly durationMs: number;
}

/** When the only broker was away. */
export interface Outages {
  wereAway(sinceMs: number): boolean;
  readonly spans: { readonly fromMs: number; toMs: number }[];
}

export function createOutages(): Outages {
  const spans: Outages['spans'] = [];
  return { spans, wereAway: (sinceMs) => spans.some(({ toMs }) => toMs >= sinceMs) };
}

export async function restartBroker(
  cluster: LocalCluster,
  outages: Outages,
  signal: 'SIGKILL' | 'SIGTERM',
  awayMs = 0,
): Promise<void> {
  const outage = { fromMs: performance.now(), toMs: Infinity };
  outages.spans.push(outage);
  await (signal === 'SIGKILL' ? cluster.kill() : cluster.shutDown());
  await delay(awayMs);
  await cluster.start();
  // Metadata that were fetched while it came up may still say that nobody leads.
  outage.toMs = performance.now() + 2000;
}

/** Resolves when all of it has been done and the broker is back; workers may still be starting. */
export async function storm(
  crew: Crew,
  cluster: LocalCluster,
  outages: Outages,
  random: Random,
  { kills, terms, brokerRestarts, durationMs }: StormOptions,
): Promise<void> {
  const strikes = random.shuffled([
    ...Array.from({ length: kills }, () => 'SIGKILL' as const),
    ...Array.from({ length: terms }, () => 'SIGTERM' as const),
    ...Array.from({ length: brokerRestarts }, () => 'broker' as const),
  ]);
  const meanMs = durationMs / strikes.length;
  let restarts = 0;
  let restarting: Promise<void> = Promise.resolve();
  for (const strike of strikes) {
    await delay(random.between(0.3, 1.7) * meanMs);
    if (strike !== 'broker') {
      await crew.strike(strike);
      continue;
    }
    await restarting;
    restarting = restartBroker(cluster, outages, restarts++ % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    restarting.catch(() => undefined); // it is awaited below
  }
  await restarting;
}
