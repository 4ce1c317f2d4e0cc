/**
 * A checkpoint as records of its topics, all in the partition with the number of the input partition. The broker
 * limits the bytes of one batch of a partition, so a large checkpoint is sent in rounds, each one batch a topic.
 */
import type { Message, TopicMessages } from 'kafkajs';
import type { Checkpoint, Offset } from '../../ports/transport.ts';
import { itemRecord, type KafkaTopics } from './changelog.ts';

/**
 * Key of the changelog record that says up to which input offset the changelog goes. It comes last, in the batch of the
 * last rows, so it never runs ahead of them; and it does not expire, as committed offsets of an idle group do.
 */
export const nextOffsetKey = 'o/next-offset';

/** Bytes of a record beside its key and value, at most. */
const recordOverheadBytes = 60;

export interface RoundsOptions {
  readonly topics: KafkaTopics;
  readonly partition: number;
  readonly maxBatchBytes: number;
  /** 'at once' when all rounds become visible together; otherwise what others see first is written first, rows last. */
  readonly order: 'at once' | 'rows last';
}

export function checkpointRounds(
  checkpoint: Checkpoint,
  fromOffset: Offset,
  options: RoundsOptions,
): TopicMessages[][] {
  const { topics, partition, maxBatchBytes, order } = options;
  const { nextOffset } = checkpoint;
  const message = (key: Uint8Array | string | null, value: Uint8Array | null): Message => ({
    key: typeof key === 'string' ? Buffer.from(key) : asBuffer(key),
    value: asBuffer(value),
    partition,
  });
  const users = checkpoint.state.map(({ key, value }) => message(key, value));
  users.push(message(nextOffsetKey, Buffer.from(String(nextOffset))));
  const items = checkpoint.items.map(({ itemId, afterImage, delta }) =>
    message(itemId, itemRecord(afterImage, delta, fromOffset, nextOffset)),
  );
  const outputs = (['predictions', 'deadLetters', 'receipts'] as const).map((role) => ({
    topic: topics[role],
    messages: checkpoint[role].map(({ key, value }) => message(key, value)),
  }));
  const steps =
    order === 'at once'
      ? [[...outputs, { topic: topics.items, messages: items }, { topic: topics.users, messages: users }]]
      : [outputs, [{ topic: topics.items, messages: items }], [{ topic: topics.users, messages: users }]];
  return steps.flatMap((step) => inRounds(step, maxBatchBytes));
}

/** Round r holds the r-th batch of every topic that has so many. */
function inRounds(step: readonly TopicMessages[], maxBatchBytes: number): TopicMessages[][] {
  const rounds: TopicMessages[][] = [];
  for (const { topic, messages } of step) {
    inBatches(messages, maxBatchBytes).forEach((batch, index) => {
      (rounds[index] ??= []).push({ topic, messages: batch });
    });
  }
  return rounds;
}

/** A record that is larger than a batch may be goes alone: whether it fits is the broker's to say. */
function inBatches(messages: readonly Message[], maxBatchBytes: number): Message[][] {
  const batches: Message[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = recordOverheadBytes + (message.key?.length ?? 0) + (message.value?.length ?? 0);
    if (bytes > room) {
      batches.push([]);
      room = maxBatchBytes;
    }
    batches.at(-1)?.push(message);
    room -= bytes;
  }
  return batches;
}

function asBuffer(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
