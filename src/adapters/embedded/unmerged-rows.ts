/**
 * Rows that are in the journal and not in the tables: the last value of each. They are merged in rounds, in the order of their keys, a
 * part with each write: a page that many of them share is then written once and not for each.
 */
import type { JournaledRow } from './journal.ts';
import { sorted } from './sort-in-slices.ts';

/** A round begins with so many rows: a few megabytes, read again at the next start. */
const roundRows = 16_384;
/** Or with so many pieces in the journal, where the same rows change all the time and others once. */
const roundPieces = 256;
/** The more rows wait, the more go with a write: a flood holds itself up and not the memory. */
const writesPerRound = 32;

export interface RoundLimits {
  readonly roundRows: number;
  readonly roundPieces: number;
}

interface Unmerged {
  value: Buffer | null;
  /** The last piece that holds the row. */
  piece: number;
}

export class UnmergedRows {
  readonly #rows = new Map<string, Unmerged>();
  /** Rows by the last piece that holds them. */
  readonly #inPiece = new Map<number, number>();
  readonly #limits: RoundLimits;
  #round: readonly string[] = [];
  #merged = 0;
  #isSorting = false;

  constructor(limits: RoundLimits = { roundRows, roundPieces }) {
    this.#limits = limits;
  }

  /** Pieces come in the order of their numbers. */
  add(piece: number, rows: readonly JournaledRow[]): void {
    this.#inPiece.set(piece, 0);
    for (const { id, value } of rows) {
      const known = this.#rows.get(id);
      if (known === undefined) this.#rows.set(id, { value, piece });
      else {
        this.#count(known.piece, -1);
        known.value = value;
        known.piece = piece;
      }
      this.#count(piece, 1);
    }
  }

  /** The row's last value, null when it goes; undefined when the table knows it. */
  find(id: string): Buffer | null | undefined {
    return this.#rows.get(id)?.value;
  }

  /** Those whose ids begin so, in their order. */
  async beginning(start: string): Promise<JournaledRow[]> {
    const ids = await sorted([...this.#rows.keys()].filter((id) => id.startsWith(start)));
    return ids.map((id) => ({ id, value: this.find(id) ?? null }));
  }

  /** Number of the first piece that is needed: every row of those before is in its table or in a later piece. */
  firstPiece(): number | undefined {
    for (const [piece, count] of this.#inPiece) {
      if (count > 0) return piece;
      this.#inPiece.delete(piece);
    }
    return undefined;
  }

  /** What the next write is to take into the tables; so many pieces are in the journal. */
  due(pieces: number): JournaledRow[] {
    const { roundRows: rows, roundPieces: most } = this.#limits;
    if (this.#merged >= this.#round.length && (this.#rows.size >= rows || pieces >= most)) void this.#begin();
    const count = Math.ceil(this.#rows.size / writesPerRound);
    const ids = this.#round.slice(this.#merged, this.#merged + count);
    return ids.map((id) => ({ id, value: this.#rows.get(id)?.value ?? null }));
  }

  /** The write with what was due is durable: the tables know these rows. */
  settle(merged: readonly JournaledRow[]): void {
    this.#merged += merged.length;
    for (const { id } of merged) {
      this.#count(this.#rows.get(id)?.piece ?? -1, -1);
      this.#rows.delete(id);
    }
  }

  async #begin(): Promise<void> {
    if (this.#isSorting) return;
    this.#isSorting = true;
    this.#round = await sorted([...this.#rows.keys()]);
    this.#merged = 0;
    this.#isSorting = false;
  }

  #count(piece: number, added: number): void {
    this.#inPiece.set(piece, (this.#inPiece.get(piece) ?? 0) + added);
  }
}
