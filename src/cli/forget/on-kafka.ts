/** A tombstone into the ratings topic, and the receipt that the worker of the partition publishes once it is done. */
import { setTimeout as delay } from 'node:timers/promises';
import { createCodec } from '../../adapters/avro/codec.ts';
import { eachPage } from '../../adapters/kafka/each-page.ts';
import { openRatingsLog } from '../../adapters/kafka/ratings-log.ts';
import type { ForgetReceipt } from '../../ports/events.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import type { CommandIo } from '../command.ts';
import type { KafkaClient } from '../kafka-client.ts';
import type { ForgetReport } from './report.ts';

const pollMs = 100;

/** `waitMs`: how long a receipt is waited for; 0 asks for none. */
export async function forgetOnKafka(
  client: KafkaClient,
  userId: string,
  waitMs: number,
  { signal }: CommandIo,
): Promise<ForgetReport> {
  const { app, topics, partitionCount, reader } = client;
  const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
  const key = codec.encodeUserKey(codec.decodeUserKey(Buffer.from(userId)));
  const partition = partitionOf(key, partitionCount);
  // No receipt for this tombstone stands before it.
  let position = waitMs === 0 ? 0 : (await reader.bounds(topics.receipts, partition)).end;
  const log = await openRatingsLog({ ...client, topic: topics.ratings, groupId: app, maxBacklog: Infinity });
  const offset = await log.append(partition, [{ key, value: null }]).finally(() => log.close());

  const deadlineMs = performance.now() + waitMs;
  let receipt: ForgetReceipt | undefined;
  while (receipt === undefined && performance.now() < deadlineMs && !signal.aborted) {
    const { end } = await reader.bounds(topics.receipts, partition);
    if (end > position) {
      await eachPage(
        reader,
        topics.receipts,
        partition,
        (records) => {
          for (const { value } of records) {
            const found = value === null ? undefined : codec.decodeForgetReceipt(value);
            if (found?.sourcePartition === partition && found.sourceOffset === offset) receipt ??= found;
          }
        },
        { from: position },
      );
      position = end;
    } else await delay(pollMs, undefined, { signal }).catch(() => undefined); // then what is known is said
  }
  return {
    userId,
    partition,
    offset,
    known: receipt?.known ?? null,
    rememberedRatings: receipt?.rememberedRatings ?? null,
    forgottenAt: receipt === undefined ? null : new Date(receipt.forgottenAtMs).toISOString(),
    waitedMs: waitMs,
  };
}
