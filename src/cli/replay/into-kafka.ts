/**
 * Appends to the ratings topic. The next entries are made ready while a batch of each partition is on its way, and no more
 * than that is held.
 */
import { openBulkWriter } from '../../adapters/kafka/bulk-writer.ts';
import type { Codec } from '../../ports/codec.ts';
import type { CommandIo } from '../command.ts';
import type { KafkaClient } from '../kafka-client.ts';
import { progressBar } from '../progress.ts';
import { batchSizeAt, pacer, type SendingPlan } from './entries.ts';
import { recordsOf } from './records.ts';
import { countReasons, type ReplayReport } from './report.ts';

const batchSize = 4000;

export async function replayIntoKafka(
  plan: SendingPlan,
  client: KafkaClient,
  codec: Pick<Codec, 'toRating' | 'encodeUserKey' | 'encodeRating'>,
  { stderr, signal }: CommandIo,
): Promise<ReplayReport> {
  const { kafka, topics, partitionCount } = client;
  const writer = openBulkWriter({ kafka, topic: topics.ratings });
  const bar = progressBar(stderr, 'send', plan.entries.count);
  const pace = pacer(plan.rate, signal);
  const reasons: Record<string, number> = {};
  let accepted = 0;
  let underWay: Promise<void> = Promise.resolve();
  const startMs = performance.now();
  try {
    for (const batch of plan.entries.batches(batchSizeAt(plan.rate, batchSize))) {
      await pace(batch.length);
      const { byPartition, codes } = recordsOf(batch, codec, partitionCount);
      for (const [partition, records] of byPartition) {
        for (const { key, value } of records) writer.add(partition, key, value);
      }
      await underWay;
      underWay = writer.flush().then(() => {
        countReasons(reasons, codes);
        accepted += batch.length - codes.length;
        plan.sentCount += batch.length;
        bar.at(plan.sentCount);
      });
      underWay.catch(() => undefined); // it is waited for before the next one
    }
    await underWay;
  } finally {
    bar.stop();
    await writer.close();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return {
    sent: plan.sentCount,
    accepted,
    rejected: plan.sentCount - accepted,
    reasons,
    seconds,
    ratingsPerSecond: plan.sentCount / seconds,
  };
}
