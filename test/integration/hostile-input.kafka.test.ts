/**
 * Whatever comes on the ratings topic, to a built worker on the real broker with a real registry: every input offset has
 * one outcome (a prediction, a dead letter or a receipt for a forgotten user), and while the registry is silent a
 * partition waits and refuses nothing.
 */
import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadSchema } from '../../src/adapters/avro/schemas.ts';
import { createRegistryClient } from '../../src/adapters/registry/registry-client.ts';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { badInputsAt, confluentHeader, ratingsAt } from '../support/bad-inputs.ts';
import { raw } from '../support/flow-inputs.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { runFreshet } from '../support/run-freshet.ts';
import { awaitCommitted, readCommitted } from '../support/kafka/read-committed.ts';
import { startLocalRegistry, type LocalRegistry } from '../support/kafka/registry.ts';
import { brokers, describeKafka, describeRegistry, uniqueName } from '../support/kafka/suite.ts';
import { testClient, topicsOfApp } from '../support/kafka/topics.ts';
import { until } from '../support/kafka/until.ts';
import { joinGroup, placeOf, seriesOf } from './group-member.ts';
import { killAll, stop, type RunningWorker } from './running-worker.ts';

afterEach(killAll);

const partitions = 2;
/** The broker takes no more than this in one record. */
const longestValue = 1_000_000;
/** Longer than a question to the registry takes at most; half a minute in the long form. */
const outageSeconds = process.env.FRESHET_FIRE === 'full' ? 30 : 7;

interface Sent {
  readonly partition: number;
  /** Code of the dead letter, or what else becomes of it. */
  readonly outcome: string;
}

describeKafka('hostile input on the topic', () => {
  describeRegistry('with a registry', () => {
    let registry: LocalRegistry;
    let schemaId: number;
    let laterId: number;
    const { json, avro } = ratingsAt(Date.now() - 60_000);

    beforeAll(async () => {
      registry = await startLocalRegistry();
      const client = createRegistryClient({ url: registry.url });
      const schema = loadSchema('rating-event');
      schemaId = await client.register(`${uniqueName('rating')}-value`, schema);
      laterId = await client.register(`${uniqueName('rating')}-value`, {
        ...schema,
        doc: 'The same, by another team.',
      });
      expect(laterId).not.toBe(schemaId);
    }, 120_000);
    afterAll(() => registry.stop());

    const framed = (id: number, { key, value }: OutputRecord): OutputRecord => ({
      key,
      value: Buffer.concat([confluentHeader(id), value!]),
    });

    test(
      'has one outcome at every offset, and a silent registry makes its partition wait',
      { timeout: 240_000 },
      async () => {
        const app = uniqueName('hostile');
        const topics = topicsOfApp(app);
        const worker = await joinGroup(app, partitions, ['--scale', '0.5..5', '--registry-url', registry.url]);
        const kafka = testClient(brokers);
        const [producer, admin] = [kafka.producer({ allowAutoTopicCreation: false }), kafka.admin()];
        await Promise.all([producer.connect(), admin.connect()]);
        const sent = new Map<string, Sent>();

        async function send(
          partition: number,
          outcome: string,
          { key, value }: OutputRecord,
          headers = {},
        ): Promise<void> {
          const message = { key: key && Buffer.from(key), value: value && Buffer.from(value), partition, headers };
          const [written] = await producer.send({ topic: topics.ratings, messages: [message], acks: -1 });
          sent.set(`${partition}@${written!.baseOffset}`, { partition, outcome });
        }

        // 1. All that is wrong, between ratings that are not.
        // Some minutes ahead: what is barely too far in the future must still be so when it is read.
        const bad = Object.values(badInputsAt(Date.now() + 600_000, schemaId)).filter(
          ([, { value }]) => (value?.length ?? 0) <= longestValue,
        );
        for (const [index, [code, record]] of bad.entries()) {
          await send(index % partitions, code, record);
          await send(
            index % partitions,
            'prediction',
            index % 2 === 0 ? json({ rating: 4 }) : framed(schemaId, avro({})),
          );
        }
        await send(0, 'FRESHET_UNDECODABLE', raw(Buffer.concat([Buffer.from([0xff]), randomBytes(longestValue)])));
        // The registry counts up: this id is the next one to be given away.
        await send(1, 'FRESHET_UNKNOWN_SCHEMA', framed(laterId + 1, avro({ userId: 'mended' })));
        await send(0, 'prediction', { ...json({ userId: 'keyless' }), key: null });
        await send(1, 'prediction', json({ userId: 'headed' }), {
          trace: 'abc',
          'content-type': ['a', 'b'],
          empty: '',
        });
        for (const partition of [0, 1])
          await send(partition, 'receipt', { key: Buffer.from(`nobody ${partition}`), value: null });

        // 2. Batches as producers compress them: the broker does it for those that do not.
        for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
          await admin.alterConfigs({
            validateOnly: false,
            resources: [
              {
                type: kafkajs.ConfigResourceTypes.TOPIC,
                name: topics.ratings,
                configEntries: [{ name: 'compression.type', value: codec }],
              },
            ],
          });
          for (const partition of [0, 1]) await send(partition, 'prediction', json({ itemId: codec }));
        }
        await admin.disconnect();
        await expectOutcomes(worker, sent, topics);

        // 3. The registry is away when a schema is needed that nobody has asked for.
        await registry.kill();
        await send(0, 'prediction', framed(laterId, avro({ itemId: 'waits' })));
        await send(0, 'prediction', json({ itemId: 'behind' }));
        await send(1, 'prediction', json({ itemId: 'goes on' }));
        const waiting = async (partition: number): Promise<number> =>
          (await seriesOf(worker, 'freshet_schema_wait_seconds')).get(`{partition="${partition}"}`) ?? -1;
        await until('the partition has waited for long', async () => (await waiting(0)) > outageSeconds, 60_000);
        expect(await waiting(1)).toBe(0);
        expect([...(await seriesOf(worker, 'freshet_registry_unanswered_total')).values()][0]).toBeGreaterThan(0);
        const offsets = await seriesOf(worker, 'freshet_committed_offset');
        const countOf = (partition: number): number =>
          [...sent.values()].filter((one) => one.partition === partition).length;
        expect(offsets.get('{partition="0"}')).toBe(countOf(0) - 2);
        expect(offsets.get('{partition="1"}')).toBe(countOf(1));
        expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);

        await registry.start();
        await expectOutcomes(worker, sent, topics);
        expect(await waiting(0)).toBe(0);
        await producer.disconnect();
        expect((await stop(worker)).code).toBe(0);
        // Nothing came twice at the end.
        await expectOutcomes(null, sent, topics);

        // 4. The schema that was missing is there: what was refused for it goes through, once.
        const client = createRegistryClient({ url: registry.url });
        const schema = { ...loadSchema('rating-event'), doc: 'The same, registered late.' };
        expect(await client.register(`${uniqueName('rating')}-value`, schema)).toBe(laterId + 1);
        const again = await joinGroup(app, partitions, ['--scale', '0.5..5', '--registry-url', registry.url]);
        const before = (await readCommitted(brokers, topics.predictions)).length;
        const replay = async (): Promise<unknown> => {
          const words = placeOf(app, ['--registry-url', registry.url, '--json']);
          const { code, stdout, stderr } = await runFreshet(['dead-letters', 'replay', ...words]);
          expect([code, stderr]).toEqual([0, expect.any(String)]);
          return JSON.parse(stdout);
        };
        expect(await replay()).toMatchObject({ replayed: 1, alreadyIn: 0 });
        expect(await replay()).toMatchObject({ replayed: 0, alreadyIn: 1 });
        const predictions = await awaitCommitted(brokers, topics.predictions, before + 1);
        expect((await stop(again)).code).toBe(0);
        expect(await readCommitted(brokers, topics.predictions)).toHaveLength(before + 1);
        const users = predictions.map(({ value }) => flowCodec.decodePrediction(value!).userId);
        expect(users.filter((userId) => userId === 'mended')).toHaveLength(1);
      },
    );
  });
});

/** What was sent has become what it should, each offset once, and nothing else is there. */
async function expectOutcomes(
  worker: RunningWorker | null,
  sent: ReadonlyMap<string, Sent>,
  topics: ReturnType<typeof topicsOfApp>,
): Promise<void> {
  if (worker !== null) {
    await until(
      'everything is processed',
      async () => {
        const offsets = await seriesOf(worker, 'freshet_committed_offset');
        return [...offsets.values()].reduce((sum, offset) => sum + offset, 0) === sent.size;
      },
      90_000,
      100,
    );
  }
  const count = (wanted: (outcome: string) => boolean): number =>
    [...sent.values()].filter(({ outcome }) => wanted(outcome)).length;
  await awaitCommitted(
    brokers,
    topics.predictions,
    count((outcome) => outcome === 'prediction'),
  );
  await awaitCommitted(
    brokers,
    topics.receipts,
    count((outcome) => outcome === 'receipt'),
  );
  const [predictions, deadLetters, receipts] = await Promise.all(
    [topics.predictions, topics.deadLetters, topics.receipts].map((topic) => readCommitted(brokers, topic)),
  );
  const outcomes = [
    ...predictions!.map(({ value }) => {
      const { sourcePartition, sourceOffset } = flowCodec.decodePrediction(value!);
      return [`${sourcePartition}@${sourceOffset}`, 'prediction'];
    }),
    ...deadLetters!.map(({ value }) => {
      const { partition, offset, code } = flowCodec.decodeDeadLetter(value!);
      return [`${partition}@${offset}`, code];
    }),
    ...receipts!.map(({ value }) => {
      const { sourcePartition, sourceOffset } = flowCodec.decodeForgetReceipt(value!);
      return [`${sourcePartition}@${sourceOffset}`, 'receipt'];
    }),
  ];
  const expected = [...sent].map(([place, { outcome }]) => [place, outcome]);
  expect(outcomes.toSorted()).toEqual(expected.toSorted());
}
