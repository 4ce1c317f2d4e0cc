/**
 * Appends to the ratings topic, as the workers' own intake does: an idempotent producer, one send at a time. The next
 * batches are made ready while one is on its way, and no more than that is held.
 */
import { openRatingsLog } from '../../adapters/kafka/ratings-log.ts';
import type { Codec } from '../../ports/codec.ts';
import type { CommandIo } from '../command.ts';
import type { KafkaClient } from '../kafka-client.ts';
import { progressBar } from '../progress.ts';
import { batchSizeAt, pacer, type SendingPlan } from './entries.ts';
import { recordsOf } from './records.ts';
import { countReasons, type ReplayReport } from './report.ts';

const batchSize = 4000;
const batchesUnderWay = 3;
/** Nobody asks for the backlog here: the topic is the buffer. */
const lagPeriodMs = 60_000;

export async function replayIntoKafka(
  plan: SendingPlan,
  client: KafkaClient,
  codec: Pick<Codec, 'toRating' | 'encodeUserKey' | 'encodeRating'>,
  { stderr, signal }: CommandIo,
): Promise<ReplayReport> {
  const { app, topics, partitionCount } = client;
  const log = await openRatingsLog({
    ...client,
    topic: topics.ratings,
    groupId: app,
    maxBacklog: Infinity,
    lagPeriodMs,
  });
  const bar = progressBar(stderr, 'send', plan.entries.count);
  const pace = pacer(plan.rate, signal);
  const reasons: Record<string, number> = {};
  let accepted = 0;
  const underWay: Promise<void>[] = [];
  const startMs = performance.now();
  try {
    for (const batch of plan.entries.batches(batchSizeAt(plan.rate, batchSize))) {
      await pace(batch.length);
      const { byPartition, codes } = recordsOf(batch, codec, partitionCount);
      const written = Promise.all([...byPartition].map(([partition, records]) => log.append(partition, records)));
      const arrived = Promise.all([written, underWay.at(-1)]).then(() => {
        countReasons(reasons, codes);
        accepted += batch.length - codes.length;
        plan.sentCount += batch.length;
        bar.at(plan.sentCount);
      });
      arrived.catch(() => undefined); // it is waited for below, unless an earlier one fails
      underWay.push(arrived);
      if (underWay.length >= batchesUnderWay) await underWay.shift();
    }
    await Promise.all(underWay);
  } finally {
    bar.stop();
    await log.close();
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
