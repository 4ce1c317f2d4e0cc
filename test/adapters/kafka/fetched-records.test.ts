import { describe, expect, it } from 'vitest';
import { fetchedRecords, type FetchedMessage } from '../../../src/adapters/kafka/fetched-records.ts';

interface BatchParts {
  readonly first: number;
  readonly count: number;
  readonly producerId?: string;
  readonly inTransaction?: boolean;
  readonly control?: boolean;
  /** Offsets of the batch that compaction left. */
  readonly left?: readonly number[];
}

function batch({ first, count, producerId = '-1', inTransaction = false, control = false, left }: BatchParts) {
  const batchContext = { firstOffset: String(first), lastOffsetDelta: count - 1, producerId, inTransaction };
  const offsets = left ?? Array.from({ length: count }, (_, i) => first + i);
  return offsets.map((offset): FetchedMessage => ({
    offset: String(offset),
    key: control ? Buffer.from([0, 0, 0, 0]) : null,
    value: null,
    isControlRecord: control,
    batchContext,
  }));
}

const read = (messages: FetchedMessage[], from: number, aborted: [string, number][] = []) => {
  const abortedTransactions = aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) }));
  const fetched = { partition: 0, lastStableOffset: '1000', abortedTransactions, messages };
  const { records, next } = fetchedRecords(fetched, from);
  return { offsets: records.map(({ offset }) => offset), next };
};

describe('fetched records', () => {
  it('begin at the asked offset, though the batch begins earlier', () => {
    expect(read(batch({ first: 10, count: 5 }), 12)).toEqual({ offsets: [12, 13, 14], next: 15 });
  });

  it('leave the position behind what compaction took from the end of a batch', () => {
    expect(read(batch({ first: 0, count: 600, left: [3] }), 0)).toEqual({ offsets: [3], next: 600 });
  });

  it('leave the position behind a batch of which nothing is wanted', () => {
    expect(read(batch({ first: 0, count: 600, left: [3] }), 4)).toEqual({ offsets: [], next: 600 });
    expect(read(batch({ first: 7, count: 1, control: true }), 7)).toEqual({ offsets: [], next: 8 });
  });

  it('are without what was aborted, and with what the same producer and others committed', () => {
    const messages = [
      ...batch({ first: 0, count: 2, producerId: '5', inTransaction: true }),
      ...batch({ first: 2, count: 2, producerId: '6', inTransaction: true }),
      ...batch({ first: 4, count: 1, producerId: '5', inTransaction: true, control: true }),
      ...batch({ first: 5, count: 1, producerId: '5', inTransaction: true }),
      ...batch({ first: 6, count: 1 }),
    ];
    expect(read(messages, 0, [['5', 0]])).toEqual({ offsets: [2, 3, 5, 6], next: 7 });
  });

  it('are without what was aborted when the transaction began before the asked offset', () => {
    const messages = batch({ first: 3, count: 2, producerId: '5', inTransaction: true });
    expect(read(messages, 4, [['5', 1]])).toEqual({ offsets: [], next: 5 });
  });

  it('stay where they are when nothing came', () => {
    expect(read([], 42)).toEqual({ offsets: [], next: 42 });
  });
});
