import { describe, expect, it } from 'vitest';
import { createBatchPool } from '../../../src/adapters/kafka/batch-pool.ts';
import { defaultTopics, parseItemRecord } from '../../../src/adapters/kafka/changelog.ts';
import { checkpointRounds, nextOffsetKey } from '../../../src/adapters/kafka/checkpoint-rounds.ts';
import type { Checkpoint } from '../../../src/ports/transport.ts';
import { bytesOf, checkpoint, recordsOf } from '../../contracts/transport-harness.ts';
import { batchText } from './batch-text.ts';

const options = { topics: defaultTopics, maxBatchBytes: 1000, order: 'at once' as const, pool: createBatchPool() };
const state = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, i) => ({ key: `u/${i}`, value: new Uint8Array(bytes) }));

/** The rounds as the broker would read them. */
const roundsOf = (from: Checkpoint, fromOffset = 0, overrides = {}) =>
  checkpointRounds(from, fromOffset, { ...options, ...overrides }).map((round) =>
    round.map(({ topic, batch }) => ({ topic, bytes: batch.byteLength, records: batchText(batch) })),
  );

describe('the rounds of a checkpoint', () => {
  it('hold every record in the batch of its topic', () => {
    const items = [{ itemId: 'i/1', afterImage: bytesOf('all'), delta: bytesOf('more') }];
    const parts = { nextOffset: 9, state: state(2), items, predictions: recordsOf('p'), deadLetters: recordsOf('d') };
    const [round, ...more] = roundsOf(checkpoint(parts), 5);
    expect(more).toEqual([]);
    expect(round!.map(({ topic }) => topic).sort()).toEqual(
      ['freshet-items', 'freshet-users', 'predictions', 'ratings.dead-letter'].sort(),
    );
    const item = round!.find(({ topic }) => topic === 'freshet-items')!.records[0]!;
    expect(item.key).toBe('i/1');
    expect(parseItemRecord(item.value!)).toMatchObject({ fromOffset: 5, nextOffset: 9 });
  });

  it('end the rows with the offset that they belong to, also when there are none', () => {
    for (const count of [0, 1, 200]) {
      const rounds = roundsOf(checkpoint({ nextOffset: 77, state: state(count) }));
      const rows = rounds.flat().filter(({ topic }) => topic === 'freshet-users');
      const last = rows.at(-1)!.records.at(-1)!;
      expect([last.key, String(last.value)]).toEqual([nextOffsetKey, '77']);
    }
  });

  it('keep every batch below the limit and every record in its order', () => {
    const rounds = roundsOf(checkpoint({ state: state(500, 100), predictions: recordsOf('p') }));
    const batches = rounds.flat().filter(({ topic }) => topic === 'freshet-users');
    expect(rounds.length).toBe(batches.length);
    for (const { bytes } of batches) expect(bytes).toBeLessThanOrEqual(1000);
    const keys = batches.flatMap(({ records }) => records.map(({ key }) => key));
    expect(keys).toEqual([...state(500).map(({ key }) => key), nextOffsetKey]);
    for (const round of rounds) expect(new Set(round.map(({ topic }) => topic)).size).toBe(round.length);
  });

  it('send a record that is too large alone, for the broker to judge', () => {
    const large = [...state(1), { key: 'large', value: new Uint8Array(5000) }, ...state(1)];
    const sizes = roundsOf(checkpoint({ state: large })).map((round) => round[0]!.records.length);
    expect(sizes).toEqual([1, 1, 2]);
  });

  it('come with the rows last where nothing makes them appear at once', () => {
    const items = [{ itemId: 'i/1', afterImage: bytesOf('all'), delta: bytesOf('more') }];
    const parts = { state: state(40, 50), items, predictions: recordsOf('p') };
    const order = roundsOf(checkpoint(parts), 0, { order: 'rows last' }).map((round) =>
      round.map(({ topic }) => topic).join(),
    );
    expect(order.slice(0, 3)).toEqual(['predictions', 'freshet-items', 'freshet-users']);
    expect(new Set(order.slice(2))).toEqual(new Set(['freshet-users']));
  });
});
