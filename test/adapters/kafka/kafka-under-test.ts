/** Kafka behind the harness of the transport contract. */
import { setTimeout as delay } from 'node:timers/promises';
import { InvariantViolation } from '../../../src/errors.ts';
import type { AssignPartitions } from '../../../src/adapters/kafka/assigner.ts';
import { createAssigner } from '../../../src/adapters/kafka/group-protocol.ts';
import type { KafkaLease } from '../../../src/adapters/kafka/lease.ts';
import { openRatingsLog } from '../../../src/adapters/kafka/ratings-log.ts';
import type { InputRecord, PartitionLease, TopicName, TransportListener } from '../../../src/ports/transport.ts';
import type { TransportUnderTest, WorkerUnderTest } from '../../contracts/transport-harness.ts';
import { createFaults } from './faults.ts';
import { quietLog, type KafkaRig } from './kafka-rig.ts';

const topicOf = {
  ratings: 'ratings',
  predictions: 'predictions',
  'dead-letters': 'deadLetters',
  receipts: 'receipts',
  recommendations: 'recommendations',
} as const;
const topicNames = Object.keys(topicOf) as TopicName[];

/** Who wants a partition, the latest last: the group gives it to the last one that is there. */
type Claims = Map<number, string[]>;

export async function kafkaUnderTest(rig: KafkaRig, maxBacklog = 100_000): Promise<TransportUnderTest> {
  const { partitionCount } = rig;
  const log = await openRatingsLog({
    kafka: rig.kafka,
    topic: rig.topics.ratings,
    groupId: rig.app,
    maxBacklog,
    lagPeriodMs: 50,
    log: quietLog,
  });
  const claims: Claims = new Map();
  const faults = createFaults();
  const mirror = createMirror(rig);
  await mirror.refresh();
  const crashes: (() => void)[] = [];
  let workerCount = 0;

  const assign: AssignPartitions = (members, partitions) => {
    const assignment = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
    for (const partition of partitions) {
      const holders = claims.get(partition) ?? [];
      const present = holders.filter((name) => members.some(({ address }) => address === name));
      const owner = members.find(({ address }) => address === present.at(-1));
      if (owner !== undefined) assignment.get(owner.memberId)?.push(partition);
    }
    return assignment;
  };

  function claim(name: string, partitions: readonly number[]): void {
    for (let partition = 0; partition < partitionCount; partition++) {
      const others = (claims.get(partition) ?? []).filter((holder) => holder !== name);
      claims.set(partition, partitions.includes(partition) ? [...others, name] : others);
    }
  }

  /** A member comes and goes: the others assign anew. */
  async function rebalance(): Promise<void> {
    const consumer = rig.kafka.consumer({
      groupId: rig.app,
      sessionTimeout: 1000,
      heartbeatInterval: 100,
      maxWaitTimeInMs: 10,
      partitionAssigners: [
        createAssigner(rig.topics.ratings, () => ({ owned: [], restored: {}, address: 'nobody' }), assign),
      ],
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [rig.topics.ratings] });
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
    await consumer.disconnect();
  }

  function worker(options: Parameters<TransportUnderTest['worker']>[0]): WorkerUnderTest {
    const name = `worker-${workerCount++}`;
    let dead = false;
    let started = false;
    const leases = new Set<KafkaLease>();
    const member = rig.member({
      address: () => name,
      assign,
      wrapKafka: (kafka) => faults.wrap(kafka),
      ...(options.batchRecordCount === undefined ? {} : { batchRecordCount: options.batchRecordCount }),
      onFatal: (error, partition) => options.onFatal?.(error, partition),
    });
    const { transport } = member;

    function crash(): void {
      dead = true;
      claim(name, []);
      member.cut();
      for (const lease of leases) void lease.close();
    }
    crashes.push(crash);

    /** Dead workers hear nothing, and what a commit made durable can be read when it resolves. */
    const muted = (listener: TransportListener): TransportListener => ({
      assigned(lease) {
        if (dead) return never();
        leases.add(lease as KafkaLease);
        return listener.assigned(settled(lease, () => mirror.refresh()));
      },
      records: (partition, records) => (dead ? never() : listener.records(partition, records)),
      requests: (partition, records) => (dead ? never() : listener.requests(partition, records)),
      revoked: (partition) => (dead ? never() : listener.revoked(partition)),
      lost: (partition) => (dead ? never() : listener.lost(partition)),
    });

    return {
      partitionCount,
      items: member.items,
      async start(listener) {
        started = true;
        claim(name, options.partitions);
        await transport.start(muted(listener));
      },
      async stop() {
        claim(name, []);
        await (dead ? Promise.race([transport.stop(), delay(50)]) : transport.stop());
      },
      async assign(partitions) {
        claim(name, partitions);
        if (started) await rebalance();
      },
      crash,
    };
  }

  return {
    worker,
    async append(partition, records) {
      const first = await log.append(partition, records);
      await mirror.refresh();
      return first;
    },
    backlog: () => log.backlog(),
    read: (topic, partition, from, limit) => mirror.read(topic, partition, from, limit),
    end: (topic, partition) => mirror.end(topic, partition),
    onAppend() {
      throw new InvariantViolation('Kafka tells nobody of appends.');
    },
    failNextCommit: (when) => faults.failNextCommit(when),
    async crash() {
      for (const crashOne of crashes) crashOne();
      await log.close();
      return kafkaUnderTest(rig, maxBacklog);
    },
  };
}

const never = (): Promise<never> => new Promise(() => undefined);

function settled(lease: PartitionLease, refresh: () => Promise<void>): PartitionLease {
  return {
    ...lease,
    async commit(checkpoint) {
      await lease.commit(checkpoint);
      await refresh();
    },
    async recover() {
      const offset = await lease.recover();
      await refresh();
      return offset;
    },
  };
}

/** The topics as of the last refresh, for laws that read without waiting. Outputs are numbered as if markers took no offsets. */
function createMirror(rig: KafkaRig) {
  const { reader, topics, partitionCount } = rig;
  const records = new Map<string, InputRecord[]>();
  const positions = new Map<string, number>();
  let last: Promise<void> = Promise.resolve();

  async function catchUp(): Promise<void> {
    for (const topic of topicNames) {
      for (let partition = 0; partition < partitionCount; partition++) {
        const id = `${topic} ${partition}`;
        const name = topics[topicOf[topic]];
        const end = await rig.highWatermark(name, partition);
        // Markers of a commit are written after it is acknowledged; until then readers stop before it.
        for (let tries = 0; tries < 100 && (positions.get(id) ?? 0) < end; tries++) {
          const into = records.get(id) ?? [];
          records.set(id, into);
          const position = await reader.readToEnd(name, partition, positions.get(id) ?? 0, ({ offset, key, value }) => {
            const copy = (bytes: Uint8Array | null): Uint8Array | null =>
              bytes === null ? null : Uint8Array.from(bytes);
            into.push({ offset: topic === 'ratings' ? offset : into.length, key: copy(key), value: copy(value) });
          });
          positions.set(id, position);
          if (position < end) await delay(2);
        }
      }
    }
  }

  return {
    refresh(): Promise<void> {
      return (last = last.catch(() => undefined).then(catchUp));
    },
    read(topic: TopicName, partition: number, from: number, limit: number): InputRecord[] {
      return (records.get(`${topic} ${partition}`) ?? []).filter(({ offset }) => offset >= from).slice(0, limit);
    },
    end: (topic: TopicName, partition: number): number => records.get(`${topic} ${partition}`)?.length ?? 0,
  };
}
