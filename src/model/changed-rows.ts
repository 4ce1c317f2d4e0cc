/** Rows that changed since somebody last looked, each once. */
export class ChangedRows {
  #marks = new Uint8Array(1024);
  #rows: number[] = [];

  mark(row: number): void {
    if (row >= this.#marks.length) {
      const grown = new Uint8Array(Math.ceil(row * 1.5) + 1024);
      grown.set(this.#marks);
      this.#marks = grown;
    }
    if (this.#marks[row] === 1) return;
    this.#marks[row] = 1;
    this.#rows.push(row);
  }

  has(row: number): boolean {
    return this.#marks[row] === 1;
  }

  /** Visits every changed row; afterwards none is. */
  take(visit: (row: number) => void): void {
    for (const row of this.#rows) {
      this.#marks[row] = 0;
      visit(row);
    }
    this.#rows = [];
  }
}
