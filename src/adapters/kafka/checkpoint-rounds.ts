/**
 * A checkpoint as record batches of its topics, all for the partition with the number of the input partition. The broker
 * limits the bytes of one batch of a partition, so a large checkpoint is sent in rounds, each one batch a topic.
 */
import type { Checkpoint, Offset } from '../../ports/transport.ts';
import type { BatchPool } from './batch-pool.ts';
import { itemRecord, type KafkaTopics } from './changelog.ts';
import type { RecordBatchWriter } from './record-batch-writer.ts';

/**
 * Key of the changelog record that says up to which input offset the changelog goes. It comes last, in the batch of the
 * last rows, so it never runs ahead of them; and it does not expire, as committed offsets of an idle group do.
 */
export const nextOffsetKey = 'o/next-offset';

/** The same for requests, whose offsets expire as well: no consumer is subscribed to them. */
export const nextRequestKey = 'o/next-request';

export interface TopicBatch {
  readonly topic: string;
  readonly batch: RecordBatchWriter;
}

/** At most one batch of each topic. */
export type Round = readonly TopicBatch[];

export interface RoundsOptions {
  readonly topics: KafkaTopics;
  readonly maxBatchBytes: number;
  /** 'at once' when all rounds become visible together; otherwise what others see first is written first, rows last. */
  readonly order: 'at once' | 'rows last';
  /** Where the batches come from; give them back when the rounds are written. */
  readonly pool: BatchPool;
}

export function checkpointRounds(
  checkpoint: Checkpoint,
  fromOffset: Offset,
  { topics, maxBatchBytes, order, pool }: RoundsOptions,
): Round[] {
  const { nextOffset } = checkpoint;
  const rounds: TopicBatch[][] = [];

  /**
   * Round r holds the r-th batch of every topic that has so many. A record that is larger than a batch may be goes
   * alone: whether it fits is the broker's to say.
   */
  function writerTo(topic: string): (key: string | Uint8Array | null, value: Uint8Array | null) => void {
    let round = firstRound;
    let batch: RecordBatchWriter | null = null;
    return (key, value) => {
      if (batch?.add(key, value, maxBatchBytes) === true) return;
      batch = pool.take();
      (rounds[round++] ??= []).push({ topic, batch });
      batch.add(key, value);
    };
  }

  let firstRound = 0;
  const nextStep = (): void => {
    if (order === 'rows last') firstRound = rounds.length;
  };
  for (const role of ['predictions', 'recommendations', 'answers', 'deadLetters', 'receipts'] as const) {
    const add = writerTo(topics[role]);
    for (const { key, value } of checkpoint[role]) add(key, value);
  }
  nextStep();
  const addItem = writerTo(topics.items);
  for (const { itemId, afterImage, delta } of checkpoint.items) {
    addItem(itemId, itemRecord(afterImage, delta, fromOffset, nextOffset));
  }
  nextStep();
  const addRow = writerTo(topics.users);
  for (const { key, value } of checkpoint.state) addRow(key, value);
  if (checkpoint.nextRequest !== null) addRow(nextRequestKey, Buffer.from(String(checkpoint.nextRequest)));
  addRow(nextOffsetKey, Buffer.from(String(nextOffset)));
  return rounds;
}
