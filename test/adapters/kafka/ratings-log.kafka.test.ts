import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openRatingsLog, type KafkaRatingsLog } from '../../../src/adapters/kafka/ratings-log.ts';
import { OverloadedError, TopicRefusedError } from '../../../src/errors.ts';
import { checkpoint, recorder, recordsOf } from '../../contracts/transport-harness.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { createKafkaRig, quietLog, type KafkaRig } from './kafka-rig.ts';

describeKafka('the ratings log on a broker', () => {
  let rig: KafkaRig;
  let log: KafkaRatingsLog;
  beforeEach(async () => {
    rig = await createKafkaRig({ partitionCount: 2 });
    const { kafka, topics, app } = rig;
    log = await openRatingsLog({
      kafka,
      topic: topics.ratings,
      groupId: app,
      maxBacklog: 10,
      lagPeriodMs: 20,
      log: quietLog,
    });
  });
  afterEach(async () => {
    await log.close();
    await rig.close();
  });

  it('writes many appends at once in order, and says where each begins', async () => {
    const firsts = await Promise.all([0, 1, 0, 0, 1].map((partition, i) => log.append(partition, recordsOf(`r${i}`))));
    expect(firsts).toEqual([0, 0, 1, 2, 1]);
    expect((await rig.read('ratings', 0)).map(({ value }) => value)).toEqual(['r0', 'r2', 'r3']);
  });

  it('refuses what is too much, takes it once the group has caught up', async () => {
    await log.append(0, recordsOf(...Array.from({ length: 9 }, (_, i) => `r${i}`)));
    expect(log.backlog()).toBe(9);
    await expect(log.append(1, recordsOf('a', 'b'))).rejects.toThrow(OverloadedError);
    const { transport } = rig.member();
    const listener = recorder();
    await transport.start(listener);
    await listener.lease(0).commit(checkpoint({ nextOffset: 9 }));
    await vi.waitFor(() => expect(log.backlog()).toBe(0), { timeout: 5000 });
    expect(await log.append(1, recordsOf('a', 'b'))).toBe(0);
  });

  it('refuses for good what the topic will never take, and goes on', async () => {
    const huge = [{ key: null, value: new Uint8Array(3_000_000) }];
    await expect(log.append(0, huge)).rejects.toThrow(TopicRefusedError);
    expect(await log.append(0, recordsOf('small'))).toBe(0);
  });
});
