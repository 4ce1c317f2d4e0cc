/** A Kafka client from plain options. No secret gets into a log line or an error. */
import { Kafka, logLevel, type RetryOptions } from 'kafkajs';
import type { Log } from '../../ports/log.ts';
import { registerCodecs } from './codecs.ts';
import { kafkaLogCreator } from './kafka-log.ts';
import { mendConnections } from './mended-connections.ts';
import { saslOptions, tlsOptions, type KafkaSasl, type KafkaTls } from './security.ts';

export interface KafkaConnectionOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Present: TLS. An empty object trusts the authorities that Node trusts. */
  readonly ssl?: KafkaTls | undefined;
  readonly sasl?: KafkaSasl | undefined;
  readonly log: Log;
}

/**
 * Retries of every client. After a commit the next transaction meets CONCURRENT_TRANSACTIONS until the markers are
 * written, some milliseconds: with the default first pause of 300 ms throughput falls to a seventh. Twelve retries reach
 * to some 6 s, which outlasts the move of a leader.
 */
export const clientRetry = { initialRetryTime: 5, maxRetryTime: 1000, factor: 0.2, multiplier: 2, retries: 12 };

/** A TLS handshake on a busy machine takes longer than the second that kafkajs would wait. */
const connectionTimeoutMs = 10_000;

export function createKafka(options: KafkaConnectionOptions, retry: RetryOptions = clientRetry): Kafka {
  const { brokers, clientId, log } = options;
  registerCodecs();
  mendConnections();
  if (options.ssl === undefined && options.sasl !== undefined && !options.sasl.mechanism.startsWith('scram')) {
    log.warn({ mechanism: options.sasl.mechanism }, 'credentials are sent unencrypted: turn TLS on');
  }
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(options.ssl === undefined ? {} : { ssl: tlsOptions(options.ssl) }),
    ...(options.sasl === undefined ? {} : { sasl: saslOptions(options.sasl) }),
    connectionTimeout: connectionTimeoutMs,
    retry,
    // Debug lines hold requests and responses.
    logLevel: logLevel.INFO,
    logCreator: kafkaLogCreator(log),
  });
}
