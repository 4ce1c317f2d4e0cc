/** Where the records of a publication ended up. */
import type { RecordMetadata, TopicMessages } from 'kafkajs';
import { CommitFailedError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import { offsetOf } from './offsets.ts';

/** One past the last record written to the partition, by topic. */
export type WrittenEnds = ReadonlyMap<string, Offset>;

export interface WrittenEndsBuilder {
  readonly all: WrittenEnds;
  /**
   * Throws CommitFailedError unless every topic was written exactly once. When leaders move during a send, kafkajs can
   * take what it still had to send as sent, or send what it had sent again, and call it a success.
   */
  add(round: readonly TopicMessages[], written: readonly RecordMetadata[]): void;
}

export function writtenEnds(partition: number): WrittenEndsBuilder {
  const ends = new Map<string, Offset>();
  return {
    all: ends,
    add(round, written) {
      for (const { topic, messages } of round) {
        const answers = written.filter(({ topicName }) => topicName === topic);
        const [answer] = answers;
        if (answer === undefined || answers.length !== 1 || answer.partition !== partition) {
          throw new CommitFailedError(
            `Records for partition ${partition} of ${topic} were acknowledged ${answers.length} times instead of once, ` +
              'which happens when leaders move during a write. Recover and process again.',
            { topic, partition, acknowledged: answers.length },
          );
        }
        ends.set(topic, offsetOf(answer.baseOffset ?? answer.offset ?? '-1') + messages.length);
      }
    },
  };
}
