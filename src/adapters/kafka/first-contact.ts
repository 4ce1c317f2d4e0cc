/**
 * One try to get in, before anything that is patient: kafkajs takes a certificate that is not trusted for an outage and
 * would try for many seconds what only a person can mend.
 */
import { asBrokerError, isWorthRetrying } from './broker-error.ts';
import { createKafka, type KafkaConnectionOptions } from './connection.ts';

/** Throws when the brokers, or the settings, refuse this client; an outage is left to whoever connects next. */
export async function assertAdmitted(options: KafkaConnectionOptions): Promise<void> {
  const admin = createKafka(options, { retries: 0 }).admin();
  try {
    await admin.connect();
  } catch (error) {
    if (!isWorthRetrying(error)) throw asBrokerError(error, 'Connecting', options.brokers);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
