/** Built workers of one group on the broker of the test run, each application with topics of its own. */
import { brokers } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { tryRun, type RunningWorker } from './running-worker.ts';

/** The flags of a worker of this application. */
export function placeOf(app: string, flags: readonly string[] = [], at: readonly string[] = brokers): string[] {
  const topics = Object.entries(topicsOfApp(app)).map((pair) => pair.join('='));
  return ['--brokers', at.join(','), '--app', app, '--topics', topics.join(','), ...flags];
}

/** Starts one, and creates the topics when they are not there. */
export async function joinGroup(
  app: string,
  partitions: number,
  flags: readonly string[] = [],
): Promise<RunningWorker> {
  const started = await tryRun(placeOf(app, ['--create-topics', '--partitions', String(partitions), ...flags]));
  if (started.kind === 'ready') return started.worker;
  throw new Error(`freshet run ended with ${started.code ?? started.signal ?? 'nothing'}: ${started.stderr}`);
}

/** All series of a metric of a worker that asks for no token. */
export async function seriesOf(worker: RunningWorker, name: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${name}(\\{.*\\})? (\\S+)$`, 'gm'));
  return new Map([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
}
