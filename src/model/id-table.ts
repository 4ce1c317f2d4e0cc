/**
 * Ids to rows, with undo like the arenas, and a second-chance clock that finds rows nobody has used for long
 * (one mark a row, where links of an exact least-recently-used list would cost eight bytes).
 */
export class IdTable {
  readonly #rowOf = new Map<string, number>();
  readonly #idOf: (string | undefined)[] = [];
  #recentlyUsed = new Uint8Array(1024);
  #hand = 0;
  /** Every addition and removal of the batch, in order; undone from the end. */
  readonly #journal: { readonly added: boolean; readonly id: string; readonly row: number }[] = [];

  get size(): number {
    return this.#rowOf.size;
  }

  /** Rows are numbered below this. */
  get rowLimit(): number {
    return this.#idOf.length;
  }

  /** The row of an id, or -1. Changes nothing. */
  find(id: string): number {
    return this.#rowOf.get(id) ?? -1;
  }

  idOf(row: number): string {
    return this.#idOf[row]!;
  }

  has(row: number): boolean {
    return this.#idOf[row] !== undefined;
  }

  /** Ids with their rows, in the order in which they came. */
  entries(): IterableIterator<[string, number]> {
    return this.#rowOf.entries();
  }

  add(id: string, row: number): void {
    this.#rowOf.set(id, row);
    this.#idOf[row] = id;
    if (row >= this.#recentlyUsed.length) {
      const grown = new Uint8Array(Math.ceil(row * 1.25) + 1024);
      grown.set(this.#recentlyUsed);
      this.#recentlyUsed = grown;
    }
    this.#recentlyUsed[row] = 1;
    this.#journal.push({ added: true, id, row });
  }

  remove(id: string, row: number): void {
    this.#rowOf.delete(id);
    this.#idOf[row] = undefined;
    this.#journal.push({ added: false, id, row });
  }

  markUsed(row: number): void {
    this.#recentlyUsed[row] = 1;
  }

  settle(): void {
    this.#journal.length = 0;
  }

  rollBack(): void {
    for (let change = this.#journal.pop(); change; change = this.#journal.pop()) {
      if (change.added) {
        this.#rowOf.delete(change.id);
        this.#idOf[change.row] = undefined;
      } else {
        this.#rowOf.set(change.id, change.row);
        this.#idOf[change.row] = change.id;
      }
    }
  }

  /**
   * The next row that has not been used since the hand last passed and that `mayGo`; -1 when a whole turn finds none.
   * Call only between batches.
   */
  victim(mayGo: (row: number) => boolean): number {
    const rows = this.#idOf.length;
    for (let step = 0; step < 2 * rows; step++) {
      const row = this.#hand;
      this.#hand = this.#hand + 1 >= rows ? 0 : this.#hand + 1;
      if (this.#idOf[row] === undefined) continue;
      if (this.#recentlyUsed[row] === 1) this.#recentlyUsed[row] = 0;
      else if (mayGo(row)) return row;
    }
    return -1;
  }
}
