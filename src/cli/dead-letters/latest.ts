/** The latest of the letters that were offered, newest first; not many more than so many are held. */
import type { ShownLetter } from '../../ports/dead-letters.ts';

export function latestOf(count: number) {
  let letters: ShownLetter[] = [];
  const cut = (): readonly ShownLetter[] =>
    (letters = letters
      .sort((a, b) => b.refusedAtMs - a.refusedAtMs || b.letterOffset - a.letterOffset)
      .slice(0, count));
  return {
    offer(letter: ShownLetter): void {
      letters.push(letter);
      if (letters.length >= 2 * count + 100) cut();
    },
    newestFirst: cut,
  };
}
