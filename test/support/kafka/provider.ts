/** The broker of a test run: the one that is given, else one in Docker, else one on this machine's JVM. */
import { startDockerKafka, dockerImage } from './docker-kafka.ts';
import { startCluster } from './local-cluster.ts';
import type { BrokerProgram } from './local-node.ts';
import { warmUp } from './warm-up.ts';

export interface ProvidedKafka {
  readonly brokers: readonly string[];
  /** Where it comes from, for people. */
  readonly from: string;
  stop(): Promise<void>;
}

/** `local` is the JVM's broker, or why there is none. @throws Error that says why each way failed. */
export async function provideKafka(local: BrokerProgram | Error): Promise<ProvidedKafka> {
  const given = process.env.FRESHET_TEST_BROKERS;
  if (given !== undefined) {
    const brokers = given.split(',');
    await warmUp(brokers);
    return { brokers, from: 'FRESHET_TEST_BROKERS', stop: () => Promise.resolve() };
  }
  const failures: string[] = [];
  const startLocal = () => {
    if (local instanceof Error) throw local;
    return startCluster(local);
  };
  const ways = [
    { from: `Docker, ${dockerImage()}`, start: () => startDockerKafka() },
    { from: 'local JVM', start: startLocal },
  ];
  for (const { from, start } of ways) {
    try {
      const kafka = await start();
      await warmUp(kafka.brokers).catch(async (error: unknown) => {
        await kafka.stop();
        throw error;
      });
      return { brokers: kafka.brokers, from, stop: () => kafka.stop() };
    } catch (error) {
      failures.push(`${from}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(['FRESHET_TEST_BROKERS: not set', ...failures].join('; ').replaceAll('\n', ' '));
}
