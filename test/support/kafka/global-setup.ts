/** Runs before the suites on a real broker, and only when one of them is selected. */
import type { TestProject } from 'vitest/node';
import { brokerProgram } from './local-kafka.ts';
import { provideKafka } from './provider.ts';
import { registryProgram } from './registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Brokers for the suites, host:port, or none. */
    kafkaBrokers: readonly string[];
    /** A test may start a cluster of its own. */
    hasLocalKafka: boolean;
    hasRegistry: boolean;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const startedAt = performance.now();
  const registryOrReason = registryAvailable().catch(asError);
  const local = await brokerProgram().catch(asError);
  const kafka = await provideKafka(local).catch(asError);
  const registry = await registryOrReason;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const stop = async (): Promise<void> => {
    if (!(kafka instanceof Error)) await kafka.stop();
  };
  const outcomes: [string, unknown][] = [
    ['ALL KAFKA SUITES', kafka],
    ['THE SUITES THAT KILL A BROKER', kafka instanceof Error ? undefined : local],
    ['THE SCHEMA REGISTRY SUITES', registry],
  ];
  const missing = outcomes.flatMap(([suites, outcome]) =>
    outcome instanceof Error ? [`${suites} ARE SKIPPED: ${outcome.message}`] : [],
  );
  if (missing.length > 0 && process.env.REQUIRE_KAFKA === '1') {
    await stop();
    throw new Error(`REQUIRE_KAFKA=1, but ${missing.join('; ')}`);
  }
  if (!(kafka instanceof Error)) say(`kafka: ${kafka.brokers.join(',')} (${kafka.from}), ready after ${seconds} s`);
  if (missing.length > 0) say(`### ${missing.join('; ')} ###`);
  project.provide('kafkaBrokers', kafka instanceof Error ? [] : kafka.brokers);
  project.provide('hasLocalKafka', !(local instanceof Error));
  project.provide('hasRegistry', !(registry instanceof Error));
  return stop;
}

async function registryAvailable(): Promise<true> {
  if (process.env.FRESHET_TEST_REGISTRY === undefined) await registryProgram();
  return true;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function say(line: string): void {
  process.stderr.write(`\n${line}\n`);
}
