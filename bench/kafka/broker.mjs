/** The broker of a bench: the one that is given, else one of its own on this machine's JVM, as the tests have it. */
import { register } from 'node:module';

/** `given`: host:port,... or undefined. */
export async function benchBroker(given) {
  if (given !== undefined) return { brokers: given.split(','), stop: () => Promise.resolve() };
  register('./typescript-loader.mjs', import.meta.url);
  const [{ startLocalKafka }, { warmUp }] = await Promise.all([
    import('../../test/support/kafka/local-kafka.ts'),
    import('../../test/support/kafka/warm-up.ts'),
  ]);
  const cluster = await startLocalKafka();
  await warmUp(cluster.brokers);
  return { brokers: cluster.brokers, stop: () => cluster.stop() };
}
