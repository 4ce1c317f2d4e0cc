/** Settings of every command that speaks to Kafka. */
import type { KafkaConnectionOptions } from '../adapters/kafka/connection.ts';
import { defaultTopics, type KafkaTopics } from '../adapters/kafka/changelog.ts';
import type { KafkaSasl } from '../adapters/kafka/security.ts';
import type { Rule } from '../config.ts';
import type { Log } from '../ports/log.ts';
import type { Settings, Values } from '../setting.ts';

const topicKeys = [
  'ratings',
  'predictions',
  'recommendations',
  'requests',
  'answers',
  'deadLetters',
  'receipts',
  'users',
  'items',
  'models',
] as const satisfies (keyof KafkaTopics)[];

/** How to get there, and under which name. */
export const connectionSettings = {
  brokers: { type: 'list', unit: 'host:port', doc: 'Kafka brokers to begin with; the others are found through them.' },
  app: {
    type: 'text',
    default: 'freshet',
    doc: 'Names the consumer group and the transactional ids: workers of one name share the partitions.',
  },
  kafkaTls: { type: 'boolean', doc: 'Encrypt connections to the brokers, with the authorities that Node trusts.' },
  kafkaCaFile: { type: 'text', unit: 'file', doc: 'PEM of the authority that signed the brokers; turns TLS on.' },
  kafkaCertFile: { type: 'text', unit: 'file', doc: 'PEM of the client certificate; turns TLS on.' },
  kafkaKeyFile: { type: 'text', unit: 'file', doc: 'PEM of the client certificate’s key.' },
  kafkaSasl: {
    type: 'choice',
    choices: ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
    doc: 'How to log in to the brokers.',
  },
  kafkaUsername: { type: 'text', doc: 'User name for SASL.' },
  kafkaPassword: { type: 'text', secret: true, doc: 'Password for SASL.' },
  kafkaTokenFile: { type: 'text', unit: 'file', doc: 'Bearer token for oauthbearer; read again for every connection.' },
} as const satisfies Settings;

export const kafkaSettings = {
  ...connectionSettings,
  topics: {
    type: 'map',
    keys: topicKeys,
    doc: 'Names of the topics that are not called as usual (docs/schemas.md).',
  },
} as const satisfies Settings;

type ConnectionValues = Values<typeof connectionSettings>;

export const kafkaRules: readonly Rule<typeof connectionSettings>[] = [
  {
    needs: ['kafkaSasl', 'kafkaUsername', 'kafkaPassword', 'kafkaTokenFile'],
    problem: ({ kafkaSasl, kafkaUsername, kafkaPassword, kafkaTokenFile }) => {
      if (kafkaSasl === undefined) return undefined;
      if (kafkaSasl === 'oauthbearer') {
        return kafkaTokenFile === undefined ? 'oauthbearer needs --kafka-token-file' : undefined;
      }
      return kafkaUsername === undefined || kafkaPassword === undefined
        ? `${kafkaSasl} needs --kafka-username and --kafka-password`
        : undefined;
    },
  },
];

export const topicsOf = ({ topics }: Pick<Values<typeof kafkaSettings>, 'topics'>): KafkaTopics => ({
  ...defaultTopics,
  ...topics,
});

export function connectionOf(values: ConnectionValues, brokers: readonly string[], log: Log): KafkaConnectionOptions {
  const { app, kafkaTls, kafkaCaFile, kafkaCertFile, kafkaKeyFile } = values;
  const isEncrypted = kafkaTls || kafkaCaFile !== undefined || kafkaCertFile !== undefined;
  const ssl = { caFile: kafkaCaFile, certFile: kafkaCertFile, keyFile: kafkaKeyFile };
  return { brokers, clientId: app, ...(isEncrypted ? { ssl } : {}), sasl: saslOf(values), log };
}

function saslOf({ kafkaSasl, kafkaUsername, kafkaPassword, kafkaTokenFile }: ConnectionValues): KafkaSasl | undefined {
  if (kafkaSasl === undefined) return undefined;
  if (kafkaSasl === 'oauthbearer') return { mechanism: kafkaSasl, tokenFile: kafkaTokenFile ?? '' };
  return { mechanism: kafkaSasl, username: kafkaUsername ?? '', password: kafkaPassword ?? '' };
}
