import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { itemIdOf, syntheticRatings, userIdOf } from '../../../src/adapters/synthetic/synthetic-ratings.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { KafkaTransportOptions } from '../../../src/adapters/kafka/transport.ts';
import { createPlainKernel } from '../../../src/kernel/plain.ts';
import type { OutputRecord } from '../../../src/ports/transport.ts';
import { Worker } from '../../../src/stream/worker.ts';
import { partitionOfRecord, rate } from '../../support/flow-inputs.ts';
import { flowCodec, flowScale, smallSettings, unlimited } from '../../support/flow-worker.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { createKafkaRig, quietLog, type KafkaRig } from './kafka-rig.ts';

const partitionCount = 3;
const eventually = (check: () => void | Promise<void>, timeout = 30_000): Promise<void> =>
  vi.waitFor(check, { timeout, interval: 20 });

describeKafka('workers on a broker', () => {
  let rig: KafkaRig;
  const workers: Worker[] = [];
  beforeEach(async () => {
    rig = await createKafkaRig({ partitionCount });
  });
  afterEach(async () => {
    await rig.close();
    for (const worker of workers.splice(0)) await worker.stop();
  });

  async function startWorker(overrides: Partial<KafkaTransportOptions> = {}) {
    const failures: unknown[] = [];
    const onFatal = (error: unknown): void => void failures.push(error);
    const member = rig.member({ onFatal, batchRecordCount: 50, ...overrides });
    const worker = new Worker({
      settings: smallSettings,
      scale: flowScale,
      kernel: createPlainKernel(),
      codec: flowCodec,
      clock: systemClock,
      topic: 'ratings',
      partitionCount,
      maxUsers: unlimited,
      maxItems: unlimited,
      feed: member.items,
      log: quietLog,
      telemetry: { checkpoint: () => undefined, restored: () => undefined },
      checkpointEvents: 40,
      checkpointMs: 20,
      onFatal,
    });
    workers.push(worker);
    await member.transport.start(worker);
    return { ...member, worker, failures };
  }

  function syntheticRecords(events: number): OutputRecord[][] {
    const { userIndex, itemIndex, ratings } = syntheticRatings({ events, users: 120, items: 60, seed: 5 });
    const byPartition: OutputRecord[][] = Array.from({ length: partitionCount }, () => []);
    for (let i = 0; i < events; i++) {
      const record = rate(userIdOf(userIndex[i]!), itemIdOf(itemIndex[i]!), ratings[i]!);
      byPartition[partitionOfRecord(record, partitionCount)]!.push(record);
    }
    return byPartition;
  }

  async function feed(records: OutputRecord[][], pauseMs: number): Promise<void> {
    const left = records.map((each) => [...each]);
    while (left.some(({ length }) => length > 0)) {
      for (const [partition, each] of left.entries()) {
        if (each.length > 0) await rig.append(partition, each.splice(0, 25));
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Offsets predicted, in the order of the log. */
  async function predictedOffsets(partition: number): Promise<number[]> {
    const offsets: number[] = [];
    await rig.reader.readToEnd(rig.topics.predictions, partition, 0, ({ value }) => {
      const event = flowCodec.decodePrediction(value!);
      expect(event.sourcePartition).toBe(partition);
      offsets.push(event.sourceOffset);
    });
    return offsets;
  }

  async function expectEachOnce(records: OutputRecord[][]): Promise<void> {
    for (const [partition, { length }] of records.entries()) {
      await eventually(async () => expect(await rig.committedOffset(partition)).toBe(length));
      const expected = Array.from({ length }, (_, offset) => offset);
      await eventually(async () => expect(await predictedOffsets(partition)).toHaveLength(length));
      expect(await predictedOffsets(partition)).toEqual(expected);
    }
  }

  test('predict every rating once when one of them dies, one comes and one leaves meanwhile', async () => {
    const records = syntheticRecords(6000);
    const dying = await startWorker();
    const staying = await startWorker();
    const feeding = feed(records, 20);
    await eventually(async () => expect((await predictedOffsets(0)).length).toBeGreaterThan(300));
    dying.cut();
    await eventually(() => expect([...staying.worker.tasks.keys()].sort()).toEqual([0, 1, 2]));
    const late = await startWorker();
    await eventually(() => expect(late.worker.tasks.size).toBeGreaterThan(0));
    await staying.transport.stop();
    await feeding;
    await expectEachOnce(records);
    await eventually(() => expect([...late.worker.tasks.keys()].sort()).toEqual([0, 1, 2]));
    const counted = [...late.worker.tasks.values()].map(({ committedOffset }) => committedOffset);
    expect(counted.sort()).toEqual(records.map(({ length }) => length).sort());
    expect([...late.failures, ...staying.failures]).toEqual([]);
  });
});
