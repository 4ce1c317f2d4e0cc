/**
 * Another try for dead letters. The log only grows, so a letter stays where it is; what tells whether it is done is the
 * ratings log itself: the same bytes stand there at a place that was not refused. So replaying twice, or again after
 * being stopped half-way, adds nothing twice, and a letter that would be refused again is left alone.
 */
import { createCodec, type CodecOptions } from '../../adapters/avro/codec.ts';
import type { EmbeddedStore } from '../../adapters/embedded/embedded-store.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import { settingsIn } from '../stored-settings.ts';
import { digestOf, refusalOf, userOf, type LettersReplay } from './judge.ts';
import { lettersFrom, recordsFrom } from './read.ts';

/** Appends that share a flush. */
const lettersAtOnce = 100;

type Store = Pick<EmbeddedStore, 'partitionCount' | 'read' | 'end' | 'readState' | 'retry'>;
interface Place {
  readonly partition: number;
  readonly offset: number;
}

export async function replayLetters(
  store: Store,
  mapping: Partial<CodecOptions>,
  signal: AbortSignal,
): Promise<LettersReplay> {
  const scale = settingsIn(store)?.scale ?? { lo: 1, hi: 5 };
  const codec = createCodec({ scale, nowMs: () => Date.now(), ...mapping });
  /** A letter for each distinct record that can be read now. */
  const readable = new Map<string, Place>();
  const refusedSources = new Set<string>();
  const reasons: Record<string, number> = {};
  let deadLetters = 0;
  let stillRefused = 0;
  for (let partition = 0; partition < store.partitionCount; partition++) {
    for (const letter of lettersFrom(store, partition, 0)) {
      signal.throwIfAborted();
      deadLetters++;
      refusedSources.add(`${letter.partition}:${letter.offset}`);
      const code = refusalOf(codec, letter)?.code ?? null;
      if (code === null) readable.set(digestOf(letter), { partition, offset: letter.letterOffset });
      else {
        stillRefused++;
        reasons[code] = (reasons[code] ?? 0) + 1;
      }
    }
  }
  dropWhatIsIn(store, readable, refusedSources, signal);
  await append(store, codec, readable.values(), signal);
  const replayed = readable.size;
  return { deadLetters, replayed, alreadyIn: deadLetters - stillRefused - replayed, stillRefused, reasons };
}

function dropWhatIsIn(
  store: Store,
  readable: Map<string, Place>,
  refusedSources: ReadonlySet<string>,
  signal: AbortSignal,
): void {
  for (let partition = 0; partition < store.partitionCount && readable.size > 0; partition++) {
    for (const record of recordsFrom(store, 'ratings', partition, 0)) {
      signal.throwIfAborted();
      if (!refusedSources.has(`${partition}:${record.offset}`)) readable.delete(digestOf(record));
    }
  }
}

/** The untouched bytes, in the partition of the user whom they name now. */
async function append(store: Store, codec: RatingDecoder, places: Iterable<Place>, signal: AbortSignal): Promise<void> {
  let arriving: Promise<unknown>[] = [];
  for (const { partition, offset } of places) {
    signal.throwIfAborted();
    const [letter] = lettersFrom(store, partition, offset);
    if (letter === undefined) continue;
    const target = partitionOf(Buffer.from(userOf(codec, letter)), store.partitionCount);
    const refused = { letterPartition: partition, digest: digestOf(letter) };
    arriving.push(store.retry(refused, target, { key: letter.key, value: letter.value }));
    if (arriving.length < lettersAtOnce) continue;
    await Promise.all(arriving);
    arriving = [];
  }
  await Promise.all(arriving);
}
