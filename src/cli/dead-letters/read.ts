/** Dead letters of a partition in the order in which they were refused. */
import { createCodec } from '../../adapters/avro/codec.ts';
import type { StoredLetter } from '../../ports/dead-letters.ts';
import type { InputRecord, Offset, TopicName, TopicReader } from '../../ports/transport.ts';

const pageSize = 200;

/** Letters from an offset on; a page of them is in memory at a time. */
export function* lettersFrom(log: Pick<TopicReader, 'read'>, partition: number, from: Offset): Generator<StoredLetter> {
  // The scale matters to ratings only.
  const codec = createCodec({ scale: { lo: 1, hi: 5 }, nowMs: () => Date.now() });
  for (const { offset, value } of recordsFrom(log, 'dead-letters', partition, from)) {
    if (value !== null) yield { letterOffset: offset, ...codec.decodeDeadLetter(value) };
  }
}

export function* recordsFrom(
  log: Pick<TopicReader, 'read'>,
  topic: TopicName,
  partition: number,
  from: Offset,
): Generator<InputRecord> {
  for (let next = from; ;) {
    const page = log.read(topic, partition, next, pageSize);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    next = last.offset + 1;
  }
}
