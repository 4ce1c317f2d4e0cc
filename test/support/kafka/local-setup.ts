/** Before the suites that start clusters of their own, and that share none. */
import type { TestProject } from 'vitest/node';
import './global-setup.ts';
import { brokerProgram } from './local-kafka.ts';

export async function setup(project: TestProject): Promise<void> {
  const missing = await brokerProgram().then(
    () => undefined,
    (error: unknown) => `THE SUITES THAT KILL A BROKER ARE SKIPPED: ${String(error)}`,
  );
  if (missing !== undefined && process.env.REQUIRE_KAFKA === '1') throw new Error(`REQUIRE_KAFKA=1, but ${missing}`);
  if (missing !== undefined) process.stderr.write(`\n### ${missing} ###\n`);
  project.provide('kafkaBrokers', []);
  project.provide('hasLocalKafka', missing === undefined);
  project.provide('hasRegistry', false);
}
