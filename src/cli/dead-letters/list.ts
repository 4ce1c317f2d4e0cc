import type { EmbeddedView } from '../../adapters/embedded/open-embedded.ts';
import type { StoredLetter } from '../../ports/dead-letters.ts';
import { lettersFrom } from './read.ts';

export interface Letters {
  /** How many there are in all. */
  readonly deadLetters: number;
  /** The latest, newest last. */
  readonly letters: readonly ListedLetter[];
}

export interface ListedLetter {
  readonly partition: number;
  readonly offset: number;
  readonly refusedAt: string;
  readonly code: string;
  readonly reason: string;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly schemaId: number | null;
  /** The untouched bytes. */
  readonly keyBase64: string | null;
  readonly valueBase64: string | null;
}

export function latestLetters(view: Pick<EmbeddedView, 'partitionCount' | 'read' | 'end'>, limit: number): Letters {
  const latest = collectLatest(limit);
  let total = 0;
  for (let partition = 0; partition < view.partitionCount; partition++) {
    const end = view.end('dead-letters', partition);
    total += end;
    for (const letter of lettersFrom(view, partition, Math.max(0, end - limit))) latest.add(partition, letter);
  }
  return { deadLetters: total, letters: latest.letters() };
}

/** The latest of the letters added, whatever their order; not many more than so many are held. */
export function collectLatest(limit: number) {
  let letters: ListedLetter[] = [];
  const cut = (): ListedLetter[] =>
    (letters = letters
      .sort((a, b) => (a.refusedAt < b.refusedAt ? -1 : a.refusedAt > b.refusedAt ? 1 : 0))
      .slice(-limit));
  return {
    add(partition: number, letter: StoredLetter): void {
      letters.push(listed(partition, letter));
      if (letters.length >= 2 * limit + 100) cut();
    },
    letters: (): readonly ListedLetter[] => cut(),
  };
}

function listed(letterPartition: number, letter: StoredLetter): ListedLetter {
  const { letterOffset, code, reason, topic, partition, offset, schemaId } = letter;
  return {
    partition: letterPartition,
    offset: letterOffset,
    refusedAt: new Date(letter.refusedAtMs).toISOString(),
    code,
    reason,
    source: { topic, partition, offset },
    schemaId,
    keyBase64: base64(letter.key),
    valueBase64: base64(letter.value),
  };
}

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64');
