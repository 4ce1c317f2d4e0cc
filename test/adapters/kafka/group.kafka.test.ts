import {
  KafkaJSGroupCoordinatorNotFound,
  type Consumer,
  type ConsumerConfig,
  type ConsumerCrashEvent,
  type Kafka,
} from 'kafkajs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { assignSticky } from '../../../src/adapters/kafka/assigner.ts';
import { expectedShare } from '../../../src/adapters/kafka/expected-share.ts';
import { createTransactionalProducer } from '../../../src/adapters/kafka/producer.ts';
import type { KafkaTransportOptions } from '../../../src/adapters/kafka/transport.ts';
import { UsageError } from '../../../src/errors.ts';
import { checkpoint, recorder, recordsOf, type Recorder } from '../../contracts/transport-harness.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { createKafkaRig, type KafkaRig, type MemberOverrides } from './kafka-rig.ts';

const eventually = (check: () => void | Promise<void>, timeout = 30_000): Promise<void> =>
  vi.waitFor(check, { timeout, interval: 10 });
const heard = (listener: Recorder, call: string): string[] =>
  listener.calls.filter((one) => one.startsWith(call)).sort();

/** Its declared constructor takes nothing, and fails without a message. */
function noCoordinator(): Error {
  return new (KafkaJSGroupCoordinatorNotFound as unknown as new (message: string) => Error)('no coordinator');
}

/** The consumers of a client, which can be made to end as kafkajs ends them. */
function consumersOf() {
  let consumer: Consumer | null = null;
  let crashed: (event: ConsumerCrashEvent) => void = () => undefined;
  let joins = 0;
  return {
    joins: () => joins,
    wrap: (kafka: Kafka): Kafka =>
      new Proxy(kafka, {
        get(_, name) {
          if (name !== 'consumer') return Reflect.get(kafka, name) as unknown;
          return (config: ConsumerConfig) => {
            const made = kafka.consumer(config);
            const on = made.on.bind(made) as (name: string, listener: (event: ConsumerCrashEvent) => void) => unknown;
            return Object.assign(made, {
              on(event: string, listener: (event: ConsumerCrashEvent) => void) {
                if (event === 'consumer.group_join') on(event, () => (joins += 1));
                if (event === 'consumer.crash') [consumer, crashed] = [made, listener];
                return on(event, listener);
              },
            });
          };
        },
      }),
    /** Returns how often the group had been joined by then. */
    async giveUp(error: Error): Promise<number> {
      await consumer?.disconnect();
      const before = joins;
      crashed({ payload: { error, groupId: '', restart: false } } as ConsumerCrashEvent);
      return before;
    },
  };
}

describeKafka('members of a group on a broker', () => {
  let rig: KafkaRig;
  beforeEach(async () => {
    rig = await createKafkaRig({ partitionCount: 4 });
  });
  afterEach(() => rig.close());

  async function join(overrides: MemberOverrides = {}, listener: Partial<Recorder> = {}) {
    const recording = recorder(listener);
    const member = rig.member(overrides);
    await member.transport.start(recording);
    return { ...member, listener: recording };
  }
  const longSession: Partial<KafkaTransportOptions> = { sessionTimeoutMs: 20_000 };

  it('keep what they keep when one joins: no stop, no second restore', async () => {
    const first = await join();
    const second = await join();
    await eventually(() => expect(heard(first.listener, 'revoked')).toHaveLength(2));
    expect(heard(first.listener, 'assigned')).toEqual(['assigned 0', 'assigned 1', 'assigned 2', 'assigned 3']);
    expect(heard(second.listener, 'assigned')).toHaveLength(2);
    for (let p = 0; p < 4; p++) await rig.append(p, recordsOf(`to ${p}`));
    await eventually(() =>
      expect([...first.listener.seen.keys(), ...second.listener.seen.keys()].sort()).toEqual([0, 1, 2, 3]),
    );
    expect(heard(first.listener, 'lost')).toEqual([]);
  });

  it('are told before they join what they will be given', async () => {
    const share = (): Promise<readonly number[] | null> =>
      expectedShare({
        kafka: rig.kafka,
        groupId: rig.app,
        topic: rig.topics.ratings,
        partitionCount: rig.partitionCount,
        assign: assignSticky,
      });
    expect(await share()).toBe(null);
    const first = await join();
    for (let members = 2; members <= 3; members++) {
      const expected = await share();
      const next = await join();
      await eventually(() => expect(next.transport.assigned()).toEqual(expected));
      // Until it is so, members claim what they are still giving up.
      if (members === 2) await eventually(() => expect(heard(first.listener, 'revoked')).toHaveLength(2));
    }
  });

  it('take over at once from one that stops, whose last commit counts', async () => {
    const leaving = await join(longSession, {
      revoked: async (partition) => {
        if (!leaving.listener.seen.has(partition)) return;
        await leaving.listener.lease(partition).commit(checkpoint({ nextOffset: 1 }));
      },
    });
    const staying = await join(longSession);
    await eventually(() => expect(heard(leaving.listener, 'revoked')).toHaveLength(2));
    const [mine] = heard(leaving.listener, 'assigned').filter(
      (call) => !heard(leaving.listener, 'revoked').includes(call.replace('assigned', 'revoked')),
    );
    const partition = Number(mine!.slice(-1));
    await rig.append(partition, recordsOf('done', 'left'));
    await eventually(() => expect(leaving.listener.seen.get(partition)).toEqual(['done', 'left']));
    const startMs = performance.now();
    await leaving.transport.stop();
    await eventually(() => expect(staying.listener.seen.get(partition)).toEqual(['left']));
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it('come back when kafkajs gives up because no coordinator was there', async () => {
    const failures: unknown[] = [];
    const dropped = consumersOf();
    const member = await join({ wrapKafka: dropped.wrap, onFatal: (error) => void failures.push(error) });
    const before = await dropped.giveUp(noCoordinator());
    await eventually(() => expect(dropped.joins()).toBeGreaterThan(before));
    await rig.append(0, recordsOf('after'));
    await eventually(() => expect(member.listener.seen.get(0)).toEqual(['after']));
    expect(failures).toEqual([]);
  });

  it('take over from one that died when its session is over', async () => {
    const dying = await join();
    const staying = await join();
    await eventually(() => expect(heard(dying.listener, 'revoked')).toHaveLength(2));
    const startMs = performance.now();
    dying.cut();
    await eventually(() => expect(heard(staying.listener, 'assigned')).toHaveLength(4));
    expect(performance.now() - startMs).toBeLessThan(1000 + 2000);
  });

  it('take a partition again that somebody fenced off by mistake', async () => {
    const member = await join();
    await rig.append(0, recordsOf('a'));
    await eventually(() => expect(member.listener.seen.get(0)).toEqual(['a']));
    const intruder = createTransactionalProducer({
      kafka: rig.kafka,
      transactionalId: `${rig.app}-${rig.topics.ratings}-0`,
      groupId: rig.app,
      topic: rig.topics.ratings,
      requestsTopic: rig.topics.requests,
      partition: 0,
      transactionTimeoutMs: 20_000,
    });
    await intruder.fence();
    await expect(member.listener.lease(0).commit(checkpoint({ nextOffset: 1 }))).rejects.toThrow(/later owner/);
    await eventually(() => expect(heard(member.listener, 'assigned 0')).toHaveLength(2));
    expect(heard(member.listener, 'lost')).toEqual(['lost 0']);
    await eventually(() => expect(member.listener.seen.get(0)).toEqual(['a', 'a']));
    await member.listener.lease(0).commit(checkpoint({ nextOffset: 1 }));
    await intruder.close();
  });

  it('hand a partition on that moved away while it was restored', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const listener = recorder({ assigned: () => held });
    const slow = rig.member();
    const starting = slow.transport.start(listener);
    await eventually(() => expect(heard(listener, 'assigned')).toHaveLength(4));
    const second = await join();
    release();
    await starting;
    // A restore that is wanted elsewhere ends: there is nothing to commit.
    await eventually(() => expect(heard(listener, 'lost')).toHaveLength(2));
    for (let p = 0; p < 4; p++) await rig.append(p, recordsOf(`to ${p}`));
    await eventually(() => expect(listener.seen.size + second.listener.seen.size).toBe(4));
    expect([...listener.seen.keys(), ...second.listener.seen.keys()].sort()).toEqual([0, 1, 2, 3]);
  });

  it('tell each other where they are reached', async () => {
    const first = await join({ address: () => 'http://one:8080' });
    await join({ address: () => 'http://two:8080' });
    await eventually(async () => {
      const owners = await first.transport.owners();
      expect([...owners.keys()].sort()).toEqual([0, 1, 2, 3]);
      expect([...owners.values()].sort()).toEqual([
        'http://one:8080',
        'http://one:8080',
        'http://two:8080',
        'http://two:8080',
      ]);
    });
  });

  it('read on behind transactions that the producer of the ratings aborted', async () => {
    const member = await join();
    const producer = rig.kafka.producer({ transactionalId: `${rig.app}-producer`, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [value, outcome] of [
      ['no', 'abort'],
      ['yes', 'commit'],
      ['no', 'abort'],
      ['also', 'commit'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: rig.topics.ratings, messages: [{ value, partition: 2 }] });
      await transaction[outcome]();
    }
    await producer.disconnect();
    await eventually(() => expect(member.listener.seen.get(2)).toEqual(['yes', 'also']));
  });

  it('see by themselves that the topic was given more partitions', async () => {
    const failures: unknown[] = [];
    await join({ partitionWatchMs: 50, onFatal: (error) => failures.push(error) });
    await rig.admin.createPartitions({ topicPartitions: [{ topic: rig.topics.ratings, count: 5 }] });
    await eventually(() => expect(failures).toEqual([expect.any(UsageError)]));
    expect(String(failures[0])).toMatch(/has 5 partitions and had 4 .*Make a new topic .*another --app/);
  });

  it('refuse to go on when the topic was given more partitions, and say what to do', async () => {
    const failures: unknown[] = [];
    await join({ onFatal: (error) => failures.push(error) });
    await rig.admin.createPartitions({ topicPartitions: [{ topic: rig.topics.ratings, count: 6 }] });
    await eventually(async () => {
      const { topics } = await rig.admin.fetchTopicMetadata({ topics: [rig.topics.ratings] });
      expect(topics[0]?.partitions).toHaveLength(6);
    });
    // Each member that joins has the partitions shared out again; whoever does it may have older metadata at first.
    for (let round = 0; round < 5 && failures.length === 0; round++) {
      await join({ onFatal: (error) => failures.push(error) }).catch((error: unknown) => failures.push(error));
    }
    await eventually(() => expect(failures.length).toBeGreaterThan(0));
    expect(failures[0]).toBeInstanceOf(UsageError);
    expect(String(failures[0])).toMatch(/has [56] partitions and had 4 .*start workers with another --app/);
  });
});
