import { readFileSync } from 'node:fs';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { expect, it } from 'vitest';
import { awaitOtherLeaders } from '../support/kafka/leaders.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { startLocalRegistry, startRegistry, type Registry } from '../support/kafka/registry.ts';
import { brokers, describeKafka, describeLocalKafka, describeRegistry, uniqueName } from '../support/kafka/suite.ts';
import { createTopics, produce, testClient } from '../support/kafka/topics.ts';
import { kafkaVersion } from '../support/kafka/versions.ts';

const texts = (records: readonly { readonly value: Buffer | null }[]): (string | undefined)[] =>
  records.map(({ value }) => value?.toString());

async function newTopic(numPartitions = 1): Promise<string> {
  const topic = uniqueName('provider');
  await createTopics(brokers, [{ topic, numPartitions }]);
  return topic;
}

describeKafka('the broker of a test run', () => {
  it('gives back what was produced, by partition and offset', async () => {
    const topic = await newTopic(2);
    await produce(brokers, topic, [
      { partition: 1, key: 'u2', value: 'c' },
      { partition: 0, key: 'u1', value: 'a' },
      { partition: 0, key: 'u1', value: null },
    ]);
    expect(await awaitCommitted(brokers, topic, 3)).toMatchObject([
      { partition: 0, offset: 0, key: 'u1', value: Buffer.from('a') },
      { partition: 0, offset: 1, key: 'u1', value: null },
      { partition: 1, offset: 0, key: 'u2', value: Buffer.from('c') },
    ]);
  });

  it('shows a group every record from the first on', async () => {
    const topic = await newTopic();
    await produce(brokers, topic, [{ value: 'a' }, { value: 'b' }]);
    const consumer = testClient(brokers).consumer({ groupId: uniqueName('provider'), maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const seen: (string | undefined)[] = [];
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer.run({
        eachMessage: async ({ message }) => {
          if (seen.push(message.value?.toString()) === 2) resolve();
        },
      });
    });
    await consumer.disconnect();
    expect(seen).toEqual(['a', 'b']);
  });

  it('shows neither aborted nor open transactions', async () => {
    const topic = await newTopic();
    const producer = testClient(brokers).producer({ transactionalId: uniqueName('provider'), maxInFlightRequests: 1 });
    await producer.connect();
    for (const [value, end] of [
      ['aborted', 'abort'],
      ['committed', 'commit'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      await transaction[end]();
    }
    const open = await producer.transaction();
    await open.send({ topic, messages: [{ value: 'open' }] });
    expect(texts(await awaitCommitted(brokers, topic, 1))).toEqual(['committed']);
    await open.commit();
    expect(texts(await awaitCommitted(brokers, topic, 2))).toEqual(['committed', 'open']);
    await producer.disconnect();
  });

  it('was fetched in the version that its pom names', () => {
    const pom = readFileSync(new URL('../support/kafka/pom.xml', import.meta.url), 'utf8');
    expect(/kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(pom)?.[1]).toBe(kafkaVersion);
  });
});

describeLocalKafka('a cluster of a test', () => {
  it('keeps committed records when its broker is killed and started again', async () => {
    const cluster = await startLocalKafka({ heap: '256m' });
    try {
      const topic = uniqueName('provider');
      await createTopics(cluster.brokers, [{ topic, numPartitions: 1 }]);
      const client = testClient(cluster.brokers);
      const producer = client.producer({ transactionalId: uniqueName('provider'), maxInFlightRequests: 1 });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'kept' }] });
      await transaction.commit();
      await producer.disconnect();
      // The commit is answered before its markers are written: what is killed here is a broker that has written them.
      await awaitCommitted(cluster.brokers, topic, 1);
      await cluster.kill();
      const admin = testClient(cluster.brokers, { retry: { retries: 0 } }).admin();
      await expect(admin.connect()).rejects.toThrow(/ECONNREFUSED/);
      await cluster.start();
      expect(texts(await awaitCommitted(cluster.brokers, topic, 1))).toEqual(['kept']);
    } finally {
      await cluster.stop();
    }
  });

  it('serves while one of its three brokers is gone', async () => {
    const cluster = await startLocalKafka({ nodeCount: 3, heap: '256m' });
    try {
      const topic = uniqueName('provider');
      await createTopics(cluster.brokers, [{ topic, numPartitions: 3, replicationFactor: 3 }]);
      await cluster.kill(2);
      const left = cluster.brokers.filter((_, index) => index !== 1);
      await awaitOtherLeaders(left, topic, 2);
      const values = [0, 1, 2].map((partition) => ({ partition, value: `to ${partition}` }));
      await produce(left, topic, values);
      expect(texts(await awaitCommitted(left, topic, 3))).toEqual(values.map(({ value }) => value));
      await cluster.start(2);
    } finally {
      await cluster.stop();
    }
  });

  it('lets in who knows the password, over TLS and in the clear, and nobody else', async () => {
    const cluster = await startLocalKafka({ secure: true, heap: '256m' });
    try {
      const { saslBrokers, tlsBrokers, certificate, username, password } = cluster.secure!;
      const ssl = { ca: [certificate] };
      const listTopics = async (at: readonly string[], options: Partial<KafkaConfig>) => {
        const admin = testClient(at, { retry: { retries: 0 }, ...options }).admin();
        try {
          await admin.connect();
          return await admin.listTopics();
        } finally {
          await admin.disconnect();
        }
      };
      for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
        const sasl = { mechanism, username, password } as SASLOptions;
        await expect(listTopics(tlsBrokers, { ssl, sasl })).resolves.toBeInstanceOf(Array);
        await expect(listTopics(saslBrokers, { sasl })).resolves.toBeInstanceOf(Array);
        const wrong = { ...sasl, password: 'wrong' } as SASLOptions;
        await expect(listTopics(tlsBrokers, { ssl, sasl: wrong })).rejects.toThrow(/auth/i);
      }
      const valid = bearer(unsignedToken(Date.now() / 1000 + 60));
      const expired = bearer(unsignedToken(Date.now() / 1000 - 60));
      await expect(listTopics(tlsBrokers, { ssl, sasl: valid })).resolves.toBeInstanceOf(Array);
      // The broker answers with a challenge, which kafkajs does not read: all it reports is the closed connection.
      await expect(listTopics(tlsBrokers, { ssl, sasl: expired })).rejects.toThrow(/No brokers|Closed connection/);
      await expect(listTopics(tlsBrokers, { ssl: true, sasl: valid })).rejects.toThrow(/self-signed/);
    } finally {
      await cluster.stop();
    }
  });
});

describeRegistry('the schema registry of a test', () => {
  const post = (registry: Registry, subject: string, schema: object) =>
    fetch(`${registry.url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify(schema) }),
    });
  const byId = (registry: Registry, id: number) => fetch(`${registry.url}/schemas/ids/${id}`);

  it('gives back a registered schema by its id, and says that it does not know another', async () => {
    const registry = await startRegistry();
    try {
      const schema = { type: 'record', name: uniqueName('r').replaceAll('-', '_'), fields: [] };
      const registered = await post(registry, uniqueName('provider'), schema);
      const { id } = (await registered.json()) as { id: number };
      const { schema: text } = (await (await byId(registry, id)).json()) as { schema: string };
      expect(JSON.parse(text)).toEqual(schema);
      expect((await byId(registry, 999_999)).status).toBe(404);
    } finally {
      await registry.stop();
    }
  });

  it('keeps its schemas and address when it is killed and started again', async () => {
    const registry = await startLocalRegistry();
    try {
      await post(registry, 'kept-value', { type: 'string' });
      await registry.kill();
      await expect(byId(registry, 1)).rejects.toThrow('fetch failed');
      await registry.start();
      expect(await (await byId(registry, 1)).json()).toMatchObject({ schema: '{"type":"string"}' });
    } finally {
      await registry.stop();
    }
  });
});

function bearer(value: string): SASLOptions {
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value }) };
}

function unsignedToken(expiresAtSeconds: number): string {
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  const issuedAtSeconds = expiresAtSeconds - 120;
  return `${part({ alg: 'none' })}.${part({ sub: 'alice', iat: issuedAtSeconds, exp: expiresAtSeconds })}.`;
}
