import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asBrokerError } from '../../../src/adapters/kafka/broker-error.ts';
import { createKafka, type KafkaConnectionOptions } from '../../../src/adapters/kafka/connection.ts';
import { createPartitionReader } from '../../../src/adapters/kafka/partition-reader-kafkajs.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { LocalCluster, SecureListeners } from '../../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../../support/kafka/local-kafka.ts';
import { describeLocalKafka, uniqueName } from '../../support/kafka/suite.ts';
import { createTopics, produce } from '../../support/kafka/topics.ts';
import { unsignedToken } from '../../support/kafka/unsigned-token.ts';
import { textOf } from './given-reader.ts';
import { removeFolder } from '../../support/remove-folder.ts';

/** A certificate of nobody that the broker knows. */
const foreignCertificate = `-----BEGIN CERTIFICATE-----
FOREIGN
-----END CERTIFICATE-----
`;

describeLocalKafka('a secured connection', () => {
  let cluster: LocalCluster;
  let secure: SecureListeners;
  const folder = mkdtempSync(join(tmpdir(), 'freshet-connection-'));
  const said: string[] = [];
  const write = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const topic = uniqueName('secure');

  beforeAll(async () => {
    cluster = await startLocalKafka({ secure: true });
    secure = cluster.secure!;
    await createTopics(cluster.brokers, [{ topic, numPartitions: 1 }]);
    await produce(cluster.brokers, topic, [{ key: 'a', value: 'read' }]);
  });

  afterAll(async () => {
    await cluster.stop();
    removeFolder(folder);
  });

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const ca = (): { caFile: string } => ({ caFile: file('ca.pem', secure.certificate) });
  const user = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password = secure.password) =>
    ({ mechanism, username: secure.username, password }) as const;

  /** What the group-less reader finds. */
  async function read(options: Omit<KafkaConnectionOptions, 'clientId' | 'log'>): Promise<string[]> {
    const reader = createPartitionReader({ clientId: 'freshet-test', log, patienceMs: 3000, ...options });
    try {
      const values: string[] = [];
      await reader.readToEnd(topic, 0, 0, ({ value }) => values.push(textOf(value)!));
      return values;
    } finally {
      await reader.close();
    }
  }

  /** How the admin interface of a client ends. */
  async function failure(options: Omit<KafkaConnectionOptions, 'clientId' | 'log'>): Promise<Error> {
    const admin = createKafka({ clientId: 'freshet-test', log, ...options }).admin();
    try {
      await admin.connect();
    } catch (error) {
      return asBrokerError(error, 'Connecting', options.brokers);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    throw new Error('it connected');
  }

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('opens with %s over TLS', async (mechanism) => {
    expect(await read({ brokers: secure.tlsBrokers, ssl: ca(), sasl: user(mechanism) })).toEqual(['read']);
  });

  test('opens with scram in the clear', async () => {
    expect(await read({ brokers: secure.saslBrokers, sasl: user('scram-sha-512') })).toEqual(['read']);
  });

  test('opens with a token that it reads again for every connection', async () => {
    const tokenFile = file('token', unsignedToken(-3600));
    const sasl = { mechanism: 'oauthbearer', tokenFile } as const;
    const expired = await failure({ brokers: secure.saslBrokers, sasl });
    expect(expired).toMatchObject({ code: 'FRESHET_BROKER', retriable: false });
    expect(expired.message).toMatch(/refuses the token of .*invalid_token.*expired/);
    file('token', `${unsignedToken(600)}\n`);
    expect(await read({ brokers: secure.saslBrokers, sasl })).toEqual(['read']);
  });

  test('says which token file is missing or empty', async () => {
    const sasl = (tokenFile: string) => ({ mechanism: 'oauthbearer', tokenFile }) as const;
    const { saslBrokers: at } = secure;
    const missing = join(folder, 'no-token');
    expect(await failure({ brokers: at, sasl: sasl(missing) })).toMatchObject({
      code: 'FRESHET_USAGE',
      message: expect.stringContaining(missing) as string,
    });
    expect(await failure({ brokers: at, sasl: sasl(file('empty', '\n')) })).toMatchObject({ code: 'FRESHET_USAGE' });
  });

  test.each(['plain', 'scram-sha-256'] as const)('says that the credentials are wrong (%s)', async (mechanism) => {
    const sasl = user(mechanism, 'a-wrong-secret');
    const error = await failure({ brokers: secure.tlsBrokers, ssl: ca(), sasl });
    expect(error).toMatchObject({ code: 'FRESHET_BROKER', retriable: false });
    expect(error.message).toMatch(/authentication failed.*Check the SASL mechanism, the user and password/is);
    await expect(read({ brokers: secure.tlsBrokers, ssl: ca(), sasl })).rejects.toMatchObject({ retriable: false });
  });

  test('says that the certificate is not trusted', async () => {
    const error = await failure({ brokers: secure.tlsBrokers, ssl: {}, sasl: user('plain') });
    expect(error).toMatchObject({ code: 'FRESHET_BROKER', retriable: false });
    expect(error.message).toMatch(/self[- ]signed certificate.*certificate of the authority/is);
  });

  test('refuses files that are missing, no PEM, or half a pair', () => {
    const create = (ssl: object) => () => createKafka({ brokers: ['localhost:1'], clientId: 'x', log, ssl });
    expect(create({ caFile: join(folder, 'none.pem') })).toThrow(
      /certificate authority file .*none\.pem cannot be read/,
    );
    expect(create({ caFile: file('text.pem', 'text') })).toThrow(/holds no PEM block/);
    expect(create({ certFile: file('c.pem', foreignCertificate) })).toThrow(/needs its key/);
  });

  test('says what else to look at when a broker does not answer as expected', async () => {
    expect(await failure({ brokers: ['127.0.0.1:1'] })).toMatchObject({
      code: 'FRESHET_BROKER',
      retriable: true,
      message: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.1:1.*Check that the brokers run/s) as string,
    });
    const plainAtTls = await failure({ brokers: cluster.brokers, ssl: ca() });
    expect(plainAtTls.message).toMatch(/TLS/);
  });

  test('has told no secret to any log or error', async () => {
    const error = await failure({ brokers: secure.saslBrokers, sasl: user('plain', 'a-wrong-secret') });
    const causes = [error, error.cause].map((one) => `${String(one)} ${JSON.stringify(one)}`).join(' ');
    const everything = `${said.join('\n')} ${causes}`;
    expect(said.join('\n')).toMatch(/authentication failed/i); // the log did hear of it
    for (const secret of ['a-wrong-secret', secure.password, unsignedToken(600).split('.')[1]!.slice(0, 20)]) {
      expect(everything).not.toContain(secret);
    }
  });
});
