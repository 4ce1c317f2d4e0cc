import { describe, expect, it } from 'vitest';
import { writtenEnds } from '../../../src/adapters/kafka/written-ends.ts';
import { CommitFailedError } from '../../../src/errors.ts';

const round = (...topics: string[]) => topics.map((topic) => ({ topic, messages: [{ value: 'a' }, { value: 'b' }] }));
const answer = (topicName: string, baseOffset: string, partition = 2) => ({
  topicName,
  partition,
  errorCode: 0,
  baseOffset,
});

describe('what a send was answered', () => {
  it('tells where the records of each topic end', () => {
    const ends = writtenEnds(2);
    ends.add(round('users', 'items'), [answer('items', '7'), answer('users', '100')]);
    ends.add(round('users'), [answer('users', '102')]);
    expect([...ends.all]).toEqual([
      ['users', 104],
      ['items', 9],
    ]);
  });

  it('is no success when a topic is missing: its leader moved and kafkajs took it for sent', () => {
    expect(() => writtenEnds(2).add(round('users', 'items'), [answer('users', '1')])).toThrow(CommitFailedError);
  });

  it('is no success when a topic is there twice: its leader moved and kafkajs sent it again', () => {
    const twice = [answer('users', '1'), answer('users', '3')];
    expect(() => writtenEnds(2).add(round('users'), twice)).toThrow(/2 times instead of once/);
  });

  it('is no success when another partition was written', () => {
    expect(() => writtenEnds(2).add(round('users'), [answer('users', '1', 0)])).toThrow(CommitFailedError);
  });
});
