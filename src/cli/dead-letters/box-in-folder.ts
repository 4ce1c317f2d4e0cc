/** The dead letters of a worker on a data folder, while it runs. */
import type { EmbeddedStore } from '../../adapters/embedded/embedded-store.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import type { DeadLetterBox, StoredLetter } from '../../ports/dead-letters.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import { digestOf, refusalOf, userOf } from './judge.ts';
import { latestOf } from './latest.ts';
import { lettersFrom } from './read.ts';

type Store = Pick<EmbeddedStore, 'partitionCount' | 'read' | 'end' | 'retry' | 'retriedUpTo'>;

export function boxInFolder(store: Store, codec: RatingDecoder): DeadLetterBox {
  /** One retry at a time: nobody else writes to the folder. */
  let last: Promise<unknown> = Promise.resolve();

  const isRetried = (letterPartition: number, letter: StoredLetter): boolean =>
    letter.letterOffset < store.retriedUpTo({ letterPartition, digest: digestOf(letter) });

  const retryNow: DeadLetterBox['retry'] = async (letterPartition, letterOffset) => {
    if (letterPartition >= store.partitionCount) return { kind: 'unknown' };
    const [letter] = lettersFrom(store, letterPartition, letterOffset);
    if (letter?.letterOffset !== letterOffset) return { kind: 'unknown' };
    if (isRetried(letterPartition, letter)) return { kind: 'already-in' };
    const refusal = refusalOf(codec, letter);
    if (refusal !== null) return { kind: 'refused', code: refusal.code, reason: refusal.message };
    const partition = partitionOf(Buffer.from(userOf(codec, letter)), store.partitionCount);
    const { key, value } = letter;
    const offset = await store.retry({ letterPartition, digest: digestOf(letter) }, partition, { key, value });
    return { kind: 'retried', partition, offset };
  };

  return {
    latest(count) {
      const latest = latestOf(count);
      let total = 0;
      for (let letterPartition = 0; letterPartition < store.partitionCount; letterPartition++) {
        const end = store.end('dead-letters', letterPartition);
        total += end;
        for (const letter of lettersFrom(store, letterPartition, Math.max(0, end - count))) {
          latest.offer({ ...letter, letterPartition, isRetried: isRetried(letterPartition, letter) });
        }
      }
      return Promise.resolve({ total, letters: latest.newestFirst() });
    },
    retry(letterPartition, letterOffset) {
      const turn = last.then(() => retryNow(letterPartition, letterOffset));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
