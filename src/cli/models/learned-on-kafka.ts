/** What a group on Kafka has learned, while it is at work: it is not joined. */
import { eachPage } from '../../adapters/kafka/each-page.ts';
import { offsetOf } from '../../adapters/kafka/offsets.ts';
import type { Offset } from '../../ports/transport.ts';
import type { CommandIo } from '../command.ts';
import { partitionsOf, withKafka, type KafkaClient } from '../kafka-client.ts';
import { storedSettingsOn } from '../kafka-stored-settings.ts';
import { defaultScale } from '../run/intake.ts';
import { decodingSource } from '../trainer/decoding-source.ts';
import { openKafkaSource } from '../trainer/kafka-source.ts';
import type { EachPrediction, LearnedLog } from './learned-log.ts';
import type { ModelsValues } from './order.ts';

/**
 * A checkpoint of one rating leaves the mark of its transaction behind its prediction: no more than so many offsets a rating, but
 * for checkpoints that were given up. Where there were many, some predictions are not found; how many were is told.
 */
const offsetsPerRating = 2;

export const withLearnedOnKafka = <T>(
  values: ModelsValues,
  io: CommandIo,
  work: (learned: LearnedLog) => Promise<T>,
): Promise<T> =>
  withKafka(values, io, ['ratings', 'predictions', 'models'], async (client) => {
    const { reader, topics } = client;
    const stored = await storedSettingsOn(client);
    const opened = await openKafkaSource({ kind: 'kafka', values });
    const eachPrediction: EachPrediction = async (partition, ratings, take) => {
      const { end } = await reader.bounds(topics.predictions, partition);
      const from = Math.max(0, end - offsetsPerRating * ratings);
      const onPage = (page: readonly { readonly value: Uint8Array | null }[]): void => {
        for (const { value } of page) if (value !== null) take(value);
      };
      await eachPage(reader, topics.predictions, partition, onPage, { from });
    };
    try {
      return await work({
        ...decodingSource(opened, values, stored?.scale ?? defaultScale),
        ...{ stored, models: opened.models, eachPrediction, committed: await committedBy(client) },
      });
    } finally {
      await opened.ratings.close();
    }
  });

/** By partition: the group's next offset; the first one that is kept where it has none. */
async function committedBy(client: KafkaClient): Promise<Offset[]> {
  const { kafka, app, topics, reader } = client;
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [group] = await admin.fetchOffsets({ groupId: app, topics: [topics.ratings] });
    const told = new Map(group?.partitions.map(({ partition, offset }) => [partition, offsetOf(offset)]));
    return await Promise.all(
      partitionsOf(client).map(async (partition) => {
        const offset = told.get(partition) ?? -1;
        return offset >= 0 ? offset : (await reader.bounds(topics.ratings, partition)).start;
      }),
    );
  } finally {
    await admin.disconnect();
  }
}
