/** Leases as the broker sees them: without a group, two owners of a partition at once, as after a lost session. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBatchPool } from '../../../src/adapters/kafka/batch-pool.ts';
import { changelogValues } from '../../../src/adapters/kafka/latest-values.ts';
import { openLease, type KafkaLease, type LeaseOptions } from '../../../src/adapters/kafka/lease.ts';
import { createPlainProducer } from '../../../src/adapters/kafka/plain-producer.ts';
import { createTransactionalProducer } from '../../../src/adapters/kafka/producer.ts';
import { retainedOffset } from '../../../src/adapters/kafka/retained-offset.ts';
import { CommitFailedError, FencedError, LostOffsetError, TopicRefusedError } from '../../../src/errors.ts';
import { bytesOf, checkpoint, recordsOf, restored } from '../../contracts/transport-harness.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { createFaults } from './faults.ts';
import { createKafkaRig, quietLog, type KafkaRig } from './kafka-rig.ts';

describeKafka('a lease on a broker', () => {
  let rig: KafkaRig;
  const open: KafkaLease[] = [];
  beforeEach(async () => {
    rig = await createKafkaRig({ partitionCount: 1 });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((lease) => lease.close()));
    await rig.close();
  });

  async function take(overrides: Partial<LeaseOptions> & { onLost?: 'stop' | 'earliest' } = {}, kafka = rig.kafka) {
    const { app, topics, reader } = rig;
    const lease = await openLease({
      partition: 0,
      topics,
      reader,
      latest: changelogValues(reader, topics),
      producer: createTransactionalProducer({
        kafka,
        transactionalId: `${app}-0`,
        groupId: app,
        topic: topics.ratings,
        requestsTopic: topics.requests,
        partition: 0,
        transactionTimeoutMs: 20_000,
      }),
      delivery: 'exactly-once',
      async groupOffset(topic) {
        const offset = await rig.committedOffset(0, topic);
        return offset < 0 ? null : offset;
      },
      checkRetained: (partition, offset) =>
        retainedOffset(reader, topics.ratings, partition, offset, overrides.onLost ?? 'stop', quietLog),
      maxBatchBytes: 900_000,
      pool: createBatchPool(),
      itemsReached: () => undefined,
      persistently: (_, work) => work(),
      stillOurs: () => Promise.resolve(),
      isWanted: () => true,
      ...overrides,
    });
    open.push(lease);
    return lease;
  }

  const row = (key: string, value: string) => ({ key, value: bytesOf(value) });
  const values = async (topic: 'predictions' | 'deadLetters') => (await rig.read(topic)).map(({ value }) => value);

  it('commits back to back without waiting for the markers of the last commit', { timeout: 30_000 }, async () => {
    await rig.append(0, recordsOf(...Array.from({ length: 100 }, (_, i) => `r${i}`)));
    const lease = await take();
    const startMs = performance.now();
    for (let i = 0; i < 100; i++) await lease.commit(checkpoint({ nextOffset: i, predictions: recordsOf(`p${i}`) }));
    // With a first pause of 300 ms, as clients have by default, it would be 60 ms and more for each.
    expect((performance.now() - startMs) / 100).toBeLessThan(50);
    await vi.waitFor(async () => expect(await values('predictions')).toHaveLength(100), { timeout: 5000 });
  });

  it('fences the former owner, whose open transaction leaves no trace', async () => {
    await rig.append(0, recordsOf('a', 'b'));
    const faults = createFaults();
    const former = await take({}, faults.wrap(rig.kafka));
    await former.commit(checkpoint({ nextOffset: 1, predictions: recordsOf('one') }));
    faults.failNextCommit('before');
    const half = checkpoint({ nextOffset: 2, predictions: recordsOf('half'), state: [row('u/half', 'half')] });
    await expect(former.commit(half)).rejects.toThrow(CommitFailedError);
    const later = await take();
    expect(await later.committedOffset()).toBe(1);
    expect(await restored(later)).toEqual({ state: {}, items: {} });
    await later.commit(checkpoint({ nextOffset: 2, predictions: recordsOf('two') }));
    await vi.waitFor(async () => expect(await values('predictions')).toEqual(['one', 'two']), { timeout: 20_000 });
  });

  it('is told by the broker that it is fenced, and then writes nothing more', async () => {
    await rig.append(0, recordsOf('a', 'b'));
    const former = await take();
    await former.commit(checkpoint({ nextOffset: 1 }));
    const later = await take();
    await expect(former.commit(checkpoint({ nextOffset: 2, predictions: recordsOf('zombie') }))).rejects.toThrow(
      FencedError,
    );
    expect(former.isHeld()).toBe(false);
    await expect(former.recover()).rejects.toThrow(FencedError);
    await later.commit(checkpoint({ nextOffset: 2, predictions: recordsOf('later') }));
    await vi.waitFor(async () => expect(await values('predictions')).toEqual(['later']), { timeout: 20_000 });
  });

  it('sees after fencing what the former owner had committed the moment before', async () => {
    await rig.append(0, recordsOf(...Array.from({ length: 20 }, (_, i) => `r${i}`)));
    for (let i = 1; i <= 20; i++) {
      const lease = await take();
      expect(await lease.committedOffset()).toBe(i - 1);
      expect((await restored(lease)).state).toEqual(i === 1 ? {} : { 'u/a': String(i - 1) });
      await lease.commit(checkpoint({ nextOffset: i, state: [row('u/a', String(i))] }));
    }
  });

  it('goes on with a new session after an error', async () => {
    await rig.append(0, recordsOf('a', 'b', 'c'));
    const faults = createFaults();
    const lease = await take({}, faults.wrap(rig.kafka));
    for (const [when, committed] of [
      ['before', 0],
      ['after', 2],
    ] as const) {
      faults.failNextCommit(when);
      const next = checkpoint({ nextOffset: 2, predictions: recordsOf(when) });
      await expect(lease.commit(next)).rejects.toThrow(CommitFailedError);
      await expect(lease.commit(next)).rejects.toThrow(/Recover first/);
      expect(await lease.recover()).toBe(committed);
      expect(lease.takeRewind()).toBe(committed);
    }
    await lease.commit(checkpoint({ nextOffset: 3, predictions: recordsOf('last') }));
    await vi.waitFor(async () => expect(await values('predictions')).toEqual(['after', 'last']), { timeout: 20_000 });
  });

  it('splits a checkpoint that is larger than a batch may be, and still writes it whole', async () => {
    await rig.append(0, recordsOf('a'));
    const lease = await take();
    const state = Array.from({ length: 300 }, (_, i) => ({ key: `u/${i}`, value: new Uint8Array(20_000).fill(i) }));
    await lease.commit(checkpoint({ nextOffset: 1, state, predictions: recordsOf('p') }));
    expect(Object.keys((await restored(lease)).state)).toHaveLength(300);
    expect(await rig.committedOffset(0)).toBe(1);
  });

  it('says which limit is too small when the broker will never take a record', async () => {
    await rig.append(0, recordsOf('a'));
    const lease = await take();
    const huge = [{ key: bytesOf('k'), value: new Uint8Array(3_000_000) }];
    await expect(lease.commit(checkpoint({ nextOffset: 1, deadLetters: huge }))).rejects.toThrow(TopicRefusedError);
  });

  it('starts at the earliest rating when nothing was committed, and where the log begins', async () => {
    await rig.append(0, recordsOf('a', 'b', 'c'));
    await rig.deleteRatingsBefore(2);
    expect(await (await take()).committedOffset()).toBe(2);
  });

  it('stops when ratings were deleted before they were learned, and names the two ways out', async () => {
    await rig.append(0, recordsOf('a', 'b', 'c', 'd'));
    await (await take()).commit(checkpoint({ nextOffset: 1 }));
    await rig.deleteRatingsBefore(3);
    const stopping = await take();
    await expect(stopping.committedOffset()).rejects.toThrow(LostOffsetError);
    await expect(stopping.committedOffset()).rejects.toThrow(
      /2 ratings were deleted.*--on-lost-offset earliest.*retention/,
    );
    const going = await take({ onLost: 'earliest' });
    expect(await going.committedOffset()).toBe(3);
    await going.commit(checkpoint({ nextOffset: 4 }));
    expect(await (await take()).committedOffset()).toBe(4);
  });

  it('knows its offset from the changelog when the group has forgotten it', async () => {
    await rig.append(0, recordsOf('a', 'b', 'c'));
    const lease = await take();
    await lease.commit(checkpoint({ nextOffset: 2, state: [row('u/a', '1')] }));
    const forgetful = await take({ groupOffset: () => Promise.resolve(null) });
    expect((await restored(forgetful)).state).toEqual({ 'u/a': '1' });
    expect(await forgetful.committedOffset()).toBe(2);
  });

  it('at least once: rows and their offset stay together without transactions', async () => {
    await rig.append(0, recordsOf('a', 'b', 'c'));
    const plain = () =>
      take({
        delivery: 'at-least-once',
        producer: createPlainProducer({ kafka: rig.kafka, partition: 0, commitOffset: () => Promise.resolve() }),
      });
    const lease = await plain();
    await lease.commit(checkpoint({ nextOffset: 2, state: [row('u/a', '1')], predictions: recordsOf('p') }));
    expect(await values('predictions')).toEqual(['p']);
    expect(await lease.recover()).toBe(2);
    const next = await plain();
    expect((await restored(next)).state).toEqual({ 'u/a': '1' });
    expect(await next.committedOffset()).toBe(2);
  });
});
