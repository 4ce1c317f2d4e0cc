/** Dead letters of a group, a page at a time, with the receipts of those that were replayed among them. */
import { createCodec } from '../../adapters/avro/codec.ts';
import { eachPage } from '../../adapters/kafka/each-page.ts';
import type { Offset } from '../../ports/transport.ts';
import type { CommandIo } from '../command.ts';
import { partitionsOf, type KafkaClient } from '../kafka-client.ts';
import { readingProgress } from '../reading-progress.ts';
import { collectLatest, type Letters } from './list.ts';
import type { StoredLetter } from '../../ports/dead-letters.ts';
import { parseReceipt, type Receipt } from './receipt.ts';

export interface LetterPage {
  readonly partition: number;
  readonly letters: readonly StoredLetter[];
  readonly receipts: readonly Receipt[];
}

/** Partition by partition, in order. Resolves when `onPage` is done with the last page. */
export async function eachLetterPage(
  client: KafkaClient,
  io: CommandIo,
  what: string,
  onPage: (page: LetterPage) => Promise<void> | void,
): Promise<void> {
  const { reader, topics } = client;
  const topic = topics.deadLetters;
  const partitions = partitionsOf(client);
  // The scale matters to ratings only.
  const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
  const progress = await readingProgress(reader, [{ topic, partitions }], io, what);
  try {
    for (const partition of partitions) {
      await eachPage(
        reader,
        topic,
        partition,
        (records) => {
          const letters: StoredLetter[] = [];
          const receipts: Receipt[] = [];
          for (const { offset, key, value } of records) {
            if (value !== null)
              letters.push({ letterOffset: offset satisfies Offset, ...codec.decodeDeadLetter(value) });
            else if (key !== null) receipts.push(...parseReceipt(key));
          }
          return onPage({ partition, letters, receipts });
        },
        { onProgress: progress.of(topic, partition) },
      );
    }
  } finally {
    progress.stop();
  }
}

export async function latestLettersOnKafka(client: KafkaClient, limit: number, io: CommandIo): Promise<Letters> {
  const latest = collectLatest(limit);
  let deadLetters = 0;
  await eachLetterPage(client, io, 'read', ({ partition, letters }) => {
    deadLetters += letters.length;
    for (const letter of letters) latest.add(partition, letter);
  });
  return { deadLetters, letters: latest.letters() };
}
