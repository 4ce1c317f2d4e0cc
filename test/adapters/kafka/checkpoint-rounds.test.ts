import { describe, expect, it } from 'vitest';
import { defaultTopics, parseItemRecord } from '../../../src/adapters/kafka/changelog.ts';
import { checkpointRounds, nextOffsetKey } from '../../../src/adapters/kafka/checkpoint-rounds.ts';
import { bytesOf, checkpoint, recordsOf } from '../../contracts/transport-harness.ts';

const options = { topics: defaultTopics, partition: 3, maxBatchBytes: 1000, order: 'at once' as const };
const state = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, i) => ({ key: `u/${i}`, value: new Uint8Array(bytes) }));

describe('the rounds of a checkpoint', () => {
  it('put every record into the partition of the task', () => {
    const items = [{ itemId: 'i/1', afterImage: bytesOf('all'), delta: bytesOf('more') }];
    const parts = { nextOffset: 9, state: state(2), items, predictions: recordsOf('p'), deadLetters: recordsOf('d') };
    const [round, ...more] = checkpointRounds(checkpoint(parts), 5, options);
    expect(more).toEqual([]);
    expect(round!.map(({ topic }) => topic).sort()).toEqual(
      ['freshet-items', 'freshet-users', 'predictions', 'ratings.dead-letter'].sort(),
    );
    for (const { messages } of round!) for (const { partition } of messages) expect(partition).toBe(3);
    const item = round!.find(({ topic }) => topic === 'freshet-items')!.messages[0]!;
    expect(parseItemRecord(item.value as Buffer)).toMatchObject({ fromOffset: 5, nextOffset: 9 });
  });

  it('end the rows with the offset that they belong to, also when there are none', () => {
    for (const count of [0, 1, 200]) {
      const rounds = checkpointRounds(checkpoint({ nextOffset: 77, state: state(count) }), 0, options);
      const rows = rounds.flat().filter(({ topic }) => topic === 'freshet-users');
      const last = rows.at(-1)!.messages.at(-1)!;
      expect([String(last.key), String(last.value)]).toEqual([nextOffsetKey, '77']);
    }
  });

  it('keep every batch below the limit and every record in its order', () => {
    const rounds = checkpointRounds(checkpoint({ state: state(500, 100), predictions: recordsOf('p') }), 0, options);
    const batches = rounds.flat().filter(({ topic }) => topic === 'freshet-users');
    expect(rounds.length).toBe(batches.length);
    for (const { messages } of batches) {
      const bytes = messages.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
      expect(bytes).toBeLessThanOrEqual(1000);
    }
    const keys = batches.flatMap(({ messages }) => messages.map(({ key }) => String(key)));
    expect(keys).toEqual([...state(500).map(({ key }) => key), nextOffsetKey]);
    for (const round of rounds) expect(new Set(round.map(({ topic }) => topic)).size).toBe(round.length);
  });

  it('send a record that is too large alone, for the broker to judge', () => {
    const large = [...state(1), { key: 'large', value: new Uint8Array(5000) }, ...state(1)];
    const sizes = checkpointRounds(checkpoint({ state: large }), 0, options).map((round) => round[0]!.messages.length);
    expect(sizes).toEqual([1, 1, 2]);
  });

  it('come with the rows last where nothing makes them appear at once', () => {
    const items = [{ itemId: 'i/1', afterImage: bytesOf('all'), delta: bytesOf('more') }];
    const parts = { state: state(40, 50), items, predictions: recordsOf('p') };
    const order = checkpointRounds(checkpoint(parts), 0, { ...options, order: 'rows last' }).map((round) =>
      round.map(({ topic }) => topic).join(),
    );
    expect(order.slice(0, 3)).toEqual(['predictions', 'freshet-items', 'freshet-users']);
    expect(new Set(order.slice(2))).toEqual(new Set(['freshet-users']));
  });
});
