import { describe, expect, test } from 'vitest';
import type { InputRecord, PartitionLease } from '../../src/ports/transport.ts';
import { startFlow, type FlowOptions } from '../support/flow-harness.ts';
import { rate } from '../support/flow-inputs.ts';
import { memoryOf } from '../support/flow-state.ts';
import { flowCodec } from '../support/flow-worker.ts';
import { oneShotFailures } from '../adapters/embedded/one-shot-failures.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';

const ratings = [rate('ann', 'x', 5), rate('bob', 'x', 4), rate('bob', 'y', 2), rate('cy', 'z', 3)];
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const request = (offset: number, value: unknown): InputRecord => ({ offset, key: null, value: json(value) });

/** The embedded log has no requests: their offset and the answers are kept beside it, and committed with it. */
function withRequests(committed: { next: number; answers: string[] }) {
  return (lease: PartitionLease): PartitionLease => ({
    ...lease,
    committedRequest: () => Promise.resolve(committed.next),
    async commit(checkpoint) {
      const values = checkpoint.answers.map(({ value }) => Buffer.from(value!).toString('hex'));
      const keep = (): void => {
        committed.next = checkpoint.nextRequest ?? committed.next;
        committed.answers.push(...values);
      };
      try {
        await lease.commit(checkpoint);
      } catch (error) {
        if ((error as Error).message.includes('after')) keep();
        throw error;
      }
      keep();
    },
  });
}

async function begin(options: FlowOptions = {}) {
  const committed = { next: 0, answers: [] as string[] };
  const flow = await startFlow({ wrapLease: withRequests(committed), ...options });
  await flow.send(...ratings);
  const answers = () => committed.answers.map((hex) => flowCodec.decodeAnswer(Buffer.from(hex, 'hex')));
  return { flow, committed, answers };
}

describe('prediction requests', () => {
  test('are answered as HTTP would answer them, for named items and for the best', async () => {
    const { flow, committed, answers } = await begin();
    const next = await flow.worker.requests(0, [
      request(0, { requestId: 'r0', userId: 'ann', itemIds: ['y', 'never seen', 'x'] }),
      request(1, { requestId: 'r1', userId: 'ann', count: 2 }),
      request(2, { requestId: 'r2', userId: 'stranger', count: 1 }),
    ]);
    expect(next).toBe(3);
    expect(committed.next).toBe(3);
    const [named, best, stranger] = answers();
    expect(named).toMatchObject({ requestId: 'r0', userId: 'ann', coldUser: false, sourceOffset: 0 });
    const expected = ['y', 'never seen', 'x'].map((itemId) => flow.serving.predict('ann', itemId));
    expect(named!.items).toEqual(
      expected.map(({ itemId, prediction, low, high, coldItem }) => ({ itemId, prediction, low, high, coldItem })),
    );
    expect(best!.items.map(({ itemId, prediction }) => ({ itemId, prediction }))).toEqual(
      flow.serving.recommend('ann', 2),
    );
    expect(stranger).toMatchObject({ coldUser: true, sourcePartition: 0, sourceOffset: 2 });
    await flow.stop();
  });

  test('teach nothing', async () => {
    const { flow } = await begin();
    const before = memoryOf(flow.worker);
    await flow.worker.requests(0, [
      request(0, { requestId: 'a', userId: 'ann', itemIds: ['new', 'x'] }),
      request(1, { requestId: 'b', userId: 'nobody', count: 100 }),
    ]);
    expect(memoryOf(flow.worker)).toEqual(before);
    await flow.stop();
  });

  test.each([
    ['neither items nor a count', 'FRESHET_REQUEST_INVALID', json({ requestId: 'r', userId: 'ann' })],
    ['both', 'FRESHET_REQUEST_INVALID', json({ requestId: 'r', userId: 'ann', itemIds: ['x'], count: 1 })],
    ['a count of nothing', 'FRESHET_REQUEST_INVALID', json({ requestId: 'r', userId: 'ann', count: 0 })],
    ['no items', 'FRESHET_REQUEST_INVALID', json({ requestId: 'r', userId: 'ann', itemIds: [] })],
    ['no id', 'FRESHET_WRONG_TYPE', json({ userId: 'ann', count: 1 })],
    ['items that are none', 'FRESHET_WRONG_TYPE', json({ requestId: 'r', userId: 'ann', itemIds: 'x' })],
    ['an item without a name', 'FRESHET_ID_INVALID', json({ requestId: 'r', userId: 'ann', itemIds: [''] })],
    ['a schema nobody knows', 'FRESHET_UNKNOWN_SCHEMA', Uint8Array.of(0, 0, 0, 0, 99, 1, 2)],
    ['other bytes', 'FRESHET_UNDECODABLE', Uint8Array.of(0xff, 0xff, 0xff)],
    ['no value', 'FRESHET_WRONG_TYPE', null],
  ])('with %s go to the dead letters untouched, and the next is answered', async (_, code, value) => {
    const { flow, answers } = await begin();
    await flow.worker.requests(0, [
      { offset: 5, key: Buffer.from('k'), value },
      request(6, { requestId: 'good', userId: 'ann', count: 1 }),
    ]);
    expect(flow.published().deadLetters).toMatchObject([
      { code, topic: 'prediction-requests', offset: 5, value: value && Buffer.from(value) },
    ]);
    expect(answers()).toMatchObject([{ requestId: 'good' }]);
    await flow.stop();
  });

  test('for a user of another partition are refused: the task would not know the user', async () => {
    const { flow, answers } = await begin({ partitionCount: 3 });
    const mine = flow.serving.partitionOf('ann');
    await flow.worker.requests((mine + 1) % 3, [request(0, { requestId: 'r', userId: 'ann', count: 1 })]);
    expect(answers()).toEqual([]);
    expect(flow.published().deadLetters).toMatchObject([{ code: 'FRESHET_REQUEST_INVALID' }]);
    await flow.stop();
  });

  test('that come again are answered once', async () => {
    const { flow, answers } = await begin();
    const all = Array.from({ length: 5 }, (_, i) => request(i, { requestId: `r${i}`, userId: 'ann', count: 1 }));
    await flow.worker.requests(0, all.slice(0, 3));
    expect(await flow.worker.requests(0, all)).toBe(5);
    expect(answers().map(({ sourceOffset }) => sourceOffset)).toEqual([0, 1, 2, 3, 4]);
    await flow.stop();
  });

  test.each(['before', 'after'] as const)('are answered once when the commit fails %s it happened', async (when) => {
    const failures = oneShotFailures();
    const store = openInMemory({ partitionCount: 1, hooks: failures.hooks });
    const { flow, answers } = await begin({ store });
    const all = Array.from({ length: 4 }, (_, i) => request(i, { requestId: `r${i}`, userId: 'bob', count: 1 }));
    failures.failNextCommit(when);
    let next = await flow.worker.requests(0, all.slice(0, 2));
    expect(next).toBe(when === 'before' ? 0 : 2);
    next = await flow.worker.requests(0, all.slice(next));
    expect(next).toBe(4);
    expect(answers().map(({ requestId }) => requestId)).toEqual(['r0', 'r1', 'r2', 'r3']);
    await flow.stop();
  });
});
