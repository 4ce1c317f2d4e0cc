import { checkpoint } from '../contracts/transport-harness.ts';
import { describe, expect, test } from 'vitest';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import type { PartitionLease, TransportListener } from '../../src/ports/transport.ts';
import { RecentPredictions } from '../../src/stream/recent-predictions.ts';

const text = (value: Uint8Array | null): string => Buffer.from(value ?? []).toString();

/** The tapped lease of a real store, so that commits are real. */
async function tapped(recent: RecentPredictions, hooks = {}) {
  const store = openInMemory({ hooks });
  await store.append(
    0,
    Array.from({ length: 9000 }, () => ({ key: null, value: Buffer.from('r') })),
  );
  let lease: PartitionLease | undefined;
  const listener: TransportListener = {
    assigned: (given) => {
      lease = given;
      return Promise.resolve();
    },
    records: () => new Promise(() => undefined),
    requests: () => new Promise(() => undefined),
    revoked: () => Promise.resolve(),
    lost: () => Promise.resolve(),
  };
  await store.member().start(recent.tap(listener));
  let offset = 0;
  const commit = (values: readonly string[]): Promise<void> => {
    offset += values.length;
    const predictions = values.map((value) => ({ key: Buffer.from('u'), value: Buffer.from(value) }));
    return lease!.commit(checkpoint({ nextOffset: offset, predictions }));
  };
  return { commit };
}

describe('recent predictions', () => {
  test('are there once they are committed, in order, and tell whoever listens', async () => {
    const recent = new RecentPredictions();
    const told: number[] = [];
    const stop = recent.onAppend('predictions', (partition) => told.push(partition));
    const { commit } = await tapped(recent);
    await commit(['a', 'b']);
    await commit(['c']);
    stop();
    await commit(['d']);
    expect(told).toEqual([0, 0]);
    expect(recent.end('predictions', 0)).toBe(4);
    expect(recent.read('predictions', 0, 1, 2).map(({ offset, value }) => [offset, text(value)])).toEqual([
      [1, 'b'],
      [2, 'c'],
    ]);
    expect([recent.end('ratings', 0), recent.read('ratings', 0, 0, 9)]).toEqual([0, []]);
  });

  test('are not there when the commit fails', async () => {
    const recent = new RecentPredictions();
    let isBroken = false;
    const before = (kind: string): void => {
      if (isBroken && kind === 'commit') throw new Error('no');
    };
    const { commit } = await tapped(recent, { before });
    isBroken = true;
    await expect(commit(['a'])).rejects.toThrow();
    expect(recent.end('predictions', 0)).toBe(0);
  });

  test('keep a window and their positions', async () => {
    const recent = new RecentPredictions();
    const { commit } = await tapped(recent);
    for (let batch = 0; batch < 9; batch++) await commit(Array.from({ length: 1000 }, (_, i) => `${batch * 1000 + i}`));
    expect(recent.end('predictions', 0)).toBe(9000);
    const [oldest] = recent.read('predictions', 0, 0, 1);
    expect([oldest?.offset, text(oldest?.value ?? null)]).toEqual([5000, '5000']);
    expect(text(recent.read('predictions', 0, 8999, 5)[0]?.value ?? null)).toBe('8999');
  });
});
