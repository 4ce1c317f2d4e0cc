/** Networks' numbers of a table's rows, looked up once: a row may come to belong to another id, which is looked up again. */
export class Numbers {
  readonly #table: { idOf(row: number): string };
  #numberOf: readonly ((id: string) => number)[] = [];
  /** Of each row, whose numbers are here; undefined: nobody's. */
  #ids: (string | undefined)[] = [];
  /** By row, a cell for each network. */
  #numbers = new Int32Array(0);

  constructor(table: { idOf(row: number): string }) {
    this.#table = table;
  }

  /** From now on it is these networks, in this order. */
  number(numberOf: readonly ((id: string) => number)[]): void {
    this.#numberOf = numberOf;
    this.#ids = [];
    this.#numbers = new Int32Array(1024 * numberOf.length);
  }

  /** Before `of`: the row may belong to another id since the last time. */
  look(row: number): void {
    if (row < 0) return;
    const id = this.#table.idOf(row);
    if (this.#ids[row] !== id) this.#fill(row, id);
  }

  /** The number of the row's id in a network; -1: the network does not know it, or there is no row. */
  of(row: number, network: number): number {
    return row < 0 ? -1 : this.#numbers[row * this.#numberOf.length + network]!;
  }

  #fill(row: number, id: string): void {
    const width = this.#numberOf.length;
    if (row * width >= this.#numbers.length) {
      const larger = new Int32Array(Math.max(2 * this.#numbers.length, (row + 1) * width));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#ids[row] = id;
    for (let n = 0; n < width; n++) this.#numbers[row * width + n] = this.#numberOf[n]!(id);
  }
}
