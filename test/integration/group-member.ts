/** Built workers of one group on the broker of the test run, each application with topics of its own. */
import type { KafkaTopics } from '../../src/adapters/kafka/changelog.ts';
import { brokers } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { tryRun, type RunningWorker } from './running-worker.ts';

export const topicOf = (app: string, role: keyof KafkaTopics): string => topicsOfApp(app)[role];

/** The flags of a worker of this application. */
export function placeOf(app: string, flags: readonly string[] = [], at: readonly string[] = brokers): string[] {
  const topics = Object.entries<string>({ ...topicsOfApp(app) }).map(([role, name]) => `${role}=${name}`);
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
