/** The few largest of many offers, in no order: a heap whose smallest is at the root. Of equal ones the first stays. */
export class MostSimilar {
  readonly capacity: number;
  size = 0;
  readonly indexes: Int32Array;
  readonly dots: Float64Array;
  readonly #keys: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.indexes = new Int32Array(capacity);
    this.dots = new Float64Array(capacity);
    this.#keys = new Float64Array(capacity);
  }

  clear(): void {
    this.size = 0;
  }

  /** Kept while it is among the `capacity` largest keys; `dot` comes with it. */
  offer(index: number, key: number, dot: number): void {
    if (this.size < this.capacity) this.#up(this.size++, index, key, dot);
    else if (key > this.#keys[0]!) this.#down(index, key, dot);
  }

  #up(from: number, index: number, key: number, dot: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#keys[parent]! <= key) break;
      this.#set(at, this.indexes[parent]!, this.#keys[parent]!, this.dots[parent]!);
      at = parent;
    }
    this.#set(at, index, key, dot);
  }

  #down(index: number, key: number, dot: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#keys[child + 1]! < this.#keys[child]!) child++;
      if (this.#keys[child]! >= key) break;
      this.#set(at, this.indexes[child]!, this.#keys[child]!, this.dots[child]!);
      at = child;
    }
    this.#set(at, index, key, dot);
  }

  #set(at: number, index: number, key: number, dot: number): void {
    this.indexes[at] = index;
    this.#keys[at] = key;
    this.dots[at] = dot;
  }
}
